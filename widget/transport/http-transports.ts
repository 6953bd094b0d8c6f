/**
 * What only a page behind a hostile network needs: the HTTP lines and the ladder down to them.
 *
 * In the script it is a file of its own, fetched by `load-lesser.ts` at the first trouble; most
 * visitors never load it.
 */

export { Ladder } from "./fallback.ts";
export { pollLine, streamLine } from "./http.ts";
export { detour } from "./resend-over-http.ts";
