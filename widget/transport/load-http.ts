/**
 * Loads the HTTP transports when they are needed.
 *
 * Bundlers see an ordinary import. The build of the classic script replaces this file by one that
 * imports from the address of the script.
 */
export const loadHttp = () => import("./http-transports.ts");
