/**
 * Fetches the lesser transports when they are needed.
 *
 * Bundlers see an import like any other. The build of the classic script puts another file in this
 * one's place, which imports from where the script came from.
 */
export const loadHttp = () => import("./http-transports.ts");
