/**
 * Loads the typesetter of formulas. The build replaces this file by an import of a file beside the
 * script.
 */
export const loadMath = () => import("./math/part.ts");
