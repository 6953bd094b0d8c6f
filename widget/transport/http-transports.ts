/**
 * The chunk of the HTTP transports and the fallback chain, loaded when a WebSocket has trouble.
 *
 * Most visitors never load it.
 */

export { FallbackChain } from "./fallback.ts";
export { pollTransport, streamTransport } from "./http.ts";
export { resendOverHttp } from "./resend-over-http.ts";
