/**
 * The one table of refusals and failures that may cross the line (PROTOCOL.md section 6).
 *
 * Everybody may throw a ChatError; only the gates turn one into bytes. A code outside this table
 * never reaches the wire.
 */

/** Code → HTTP status. The WebSocket close code is 4000 + status. */
export const statusOf = {
	bad_frame: 400,
	unauthorized: 401,
	forbidden: 403,
	not_found: 404,
	hello_timeout: 408,
	conflict: 409,
	too_large: 413,
	outdated: 426,
	rate_limited: 429,
	internal: 500,
	interrupted: 500,
	provider_failed: 502,
	unavailable: 503,
	provider_timeout: 504,
} as const;

export type ErrorCode = keyof typeof statusOf;

export const isErrorCode = (code: unknown): code is ErrorCode =>
	typeof code === "string" && Object.hasOwn(statusOf, code);

/** The WebSocket close code of a refusal, 4400 … 4504. */
export const closeCodeOf = (code: ErrorCode): number => 4000 + statusOf[code];

/**
 * Whether a client comes back by itself after a close or an HTTP status.
 * Proxies close with any code, 1000 included, so only a 4xxx code that is not listed is final.
 */
export function isWorthRetrying(closeCodeOrStatus: number): boolean {
	const status =
		closeCodeOrStatus >= 4000 ? closeCodeOrStatus - 4000 : closeCodeOrStatus;
	if (closeCodeOrStatus >= 1000 && closeCodeOrStatus < 4000) return true;
	return status === 408 || status === 425 || status === 429 || status >= 500;
}

export type ChatErrorOptions = {
	/** What really happened, for the operator's log; never sent. */
	cause?: unknown;
	/** When trying again makes sense, in ms from now. */
	retryAfter?: number;
	/** The client's id of the one send that this refusal concerns; the line lives on. */
	id?: string;
};

/** A refusal in words for a person: `text` goes to the visitor, `cause` stays with the operator. */
export class ChatError extends Error {
	override readonly name = "ChatError";
	readonly code: ErrorCode;
	readonly retryAfter: number | undefined;
	readonly id: string | undefined;

	constructor(code: ErrorCode, text: string, options: ChatErrorOptions = {}) {
		super(text, { cause: options.cause });
		this.code = code;
		this.retryAfter = options.retryAfter;
		this.id = options.id;
	}
}
