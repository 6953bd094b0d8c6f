/**
 * Loads the answer chunk: the Markdown renderer and the templates below a reply.
 *
 * Bundlers see a normal dynamic import. The build of the classic script replaces this file: its version
 * imports from the script's own address.
 */
export const loadMarkdown = () => import("../answer/answer.ts");
