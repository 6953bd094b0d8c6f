/**
 * Fetches what colours code, when the first block of code is there to be coloured. The build puts an
 * import of a file beside the script in this one's place.
 */
export const loadHighlight = () => import("./highlight/part.ts");
