/**
 * What only a page behind a hostile network needs: the HTTP lines and the ladder down to them.
 *
 * In the script it is a file of its own, fetched by `load-http.ts` at the first trouble; most
 * visitors never load it.
 */

export { FallbackChain } from "./fallback.ts";
export { pollTransport, streamTransport } from "./http.ts";
export { resendOverHttp } from "./resend-over-http.ts";
