/**
 * Fetches the Markdown renderer, which is a third of the whole and not needed to begin with.
 *
 * Bundlers see an import like any other. The build of the classic script puts another file in this
 * one's place, which imports from where the script came from.
 */
export const loadMarkdown = () => import("./markdown/writer.ts");
