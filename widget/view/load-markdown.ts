/**
 * Fetches the Markdown renderer and what belongs to it: a third of the whole, and not needed to begin
 * with.
 *
 * Bundlers see an import like any other. The build of the classic script puts another file in this
 * one's place, which imports from where the script came from.
 */
export const loadMarkdown = () => import("../answer/answer.ts");
