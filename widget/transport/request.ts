/**
 * One HTTP request to an endpoint, and the task in which it runs.
 *
 * It tells the server's answers from those of a proxy or a captive portal. It knows no session.
 */

import type { Clock } from "../../protocol/clock.ts";
import {
	decodeServerFrame,
	type ErrorFrame,
	isEvent,
	type ServerFrame,
} from "../../protocol/frames.ts";

export const json = "application/json";
export const eventStream = "text/event-stream";

export type Fault = {
	/** The status of an answer that the server did not send. */
	status?: number;
	retryAfterMs?: number | undefined;
	refusal?: ErrorFrame["data"];
	/** Something on the way holds back what the server sends. */
	swallowed?: boolean;
};

/** Why a connection broke: the server rejected it, or the answer is not the server's. */
export class TransportError extends Error {
	readonly fault: Fault;

	constructor(text: string, fault: Fault = {}) {
		super(text);
		this.fault = fault;
	}
}

/** Work that can be ended, and that fails after its deadline. */
export class Task {
	readonly #abort = new AbortController();
	readonly #clock: Clock;
	#timer: unknown;
	/** No result is wanted any more: late ones are dropped. */
	ended = false;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	get signal(): AbortSignal {
		return this.#abort.signal;
	}

	/** Fails in `ms`, unless it ends or another deadline is set before. */
	within(ms: number, fault?: Fault) {
		this.#clock.clearTimeout(this.#timer);
		this.#timer = this.#clock.setTimeout(
			() => this.#abort.abort(new TransportError("No answer in time.", fault)),
			ms,
		);
	}

	/** Waits instead of a deadline. The promise never settles if the task ends meanwhile. */
	pause(ms: number): Promise<void> {
		this.#clock.clearTimeout(this.#timer);
		return new Promise((resolve) => {
			if (ms <= 0) resolve();
			else this.#timer = this.#clock.setTimeout(resolve, ms);
		});
	}

	end() {
		this.#clock.clearTimeout(this.#timer);
		this.ended = true;
		this.#abort.abort();
	}
}

/**
 * Sends a request; with a `body`, a POST.
 * @throws {TransportError} unless the answer has the content type `type`.
 */
export async function fetchEndpoint(
	address: string,
	task: Task,
	clock: Clock,
	ask: { type: string; body?: string | undefined; token?: string | undefined },
): Promise<Response> {
	const { type, body, token } = ask;
	const response = await fetch(address, {
		...(body && { method: "POST", body }),
		cache: "no-store",
		signal: task.signal,
		headers: {
			Accept: type,
			...(body && { "Content-Type": json }),
			...(token && { Authorization: `Bearer ${token}` }),
		},
	});
	if (response.ok && isOfType(response, type)) return response;
	const retryAfterMs = retryAfterOf(response, clock.now());
	const text = isOfType(response, json) ? await response.text() : undefined;
	const refusal = text && readRefusal(text);
	if (refusal) throw refused(refusal, retryAfterMs);
	throw new TransportError(
		`Expected ${type} from the server, got status ${response.status}.`,
		{ retryAfterMs, status: response.status },
	);
}

export const isRefusal = (frame: ServerFrame): frame is ErrorFrame =>
	frame.type === "control" && !isEvent(frame);

export const refused = ({ data }: ErrorFrame, retryAfterMs?: number) =>
	new TransportError(data.text, { refusal: data, retryAfterMs });

/** An error frame of the server. JSON of a proxy on the way is none. */
function readRefusal(text: string): ErrorFrame | undefined {
	try {
		const frame = decodeServerFrame(text);
		return frame && isRefusal(frame) ? frame : undefined;
	} catch {
		return undefined;
	}
}

const isOfType = (response: Response, type: string): boolean =>
	response.headers.get("Content-Type")?.toLowerCase().startsWith(type) ?? false;

/** `Retry-After` in ms: the header has seconds or a date. */
function retryAfterOf(response: Response, now: number): number | undefined {
	const value = response.headers.get("Retry-After");
	if (!value) return undefined;
	const ms = Number(value) * 1_000;
	return Math.max(0, Number.isNaN(ms) ? Date.parse(value) - now : ms) || 0;
}
