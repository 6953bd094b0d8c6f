/** The sizes that both sides enforce, without anything about frames themselves. */

/** Largest client frame, in bytes of UTF-8. */
export const maxFrameBytes = 65_536;
/** Largest `context` of a send, in bytes of JSON. */
export const maxContextBytes = 4_096;
