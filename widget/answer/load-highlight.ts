/**
 * Loads the highlighter. The build replaces this file by an import of a file beside the script.
 */
export const loadHighlight = () => import("./highlight/part.ts");
