/**
 * The table of the error codes of the wire (PROTOCOL.md section 6). Any part may throw a ChatError;
 * the endpoints alone encode it. A code outside this table never reaches the wire.
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

/** The WebSocket close code of an error, 4400 … 4504. */
export const closeCodeOf = (code: ErrorCode): number => 4000 + statusOf[code];

/**
 * Whether a client reconnects after a WebSocket close code or an HTTP status. Proxies close with
 * any code, also 1000, so only a 4xxx code that is not listed is final.
 */
export function isWorthRetrying(closeCodeOrStatus: number): boolean {
	const status =
		closeCodeOrStatus >= 4000 ? closeCodeOrStatus - 4000 : closeCodeOrStatus;
	if (closeCodeOrStatus >= 1000 && closeCodeOrStatus < 4000) return true;
	return status === 408 || status === 425 || status === 429 || status >= 500;
}

export type ChatErrorOptions = {
	/** The cause, for the operator's log. Never sent. */
	cause?: unknown;
	/** When to try again, in ms from now. */
	retryAfter?: number;
	/** The id of the one send that failed. The connection stays open. */
	id?: string;
};

/** An error in words for a person: `text` goes to the visitor, `cause` to the operator. */
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
