/**
 * Fetches what sets formulas, when the first formula is there to be set. The build puts an import of a
 * file beside the script in this one's place.
 */
export const loadMath = () => import("./math/part.ts");
