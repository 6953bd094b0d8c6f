/**
 * One request of an HTTP line, and the strand of work it is made in.
 *
 * `http.ts` alone calls it. It knows what an answer of a chat server looks like and what is none;
 * it knows neither dialing nor reading, and nothing of a session.
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
	/** Of an answer that is no answer of the server. */
	status?: number;
	retryAfterMs?: number | undefined;
	refusal?: ErrorFrame["data"];
	/** Something on the way keeps what the server says. */
	swallowed?: boolean;
};

/** Why a line broke: a refusal of the server, or nothing that can be understood. */
export class TransportError extends Error {
	readonly fault: Fault;

	constructor(text: string, fault: Fault = {}) {
		super(text);
		this.fault = fault;
	}
}

/** One strand of work, which can be called off and calls itself off when it is late. */
export class Task {
	readonly #abort = new AbortController();
	readonly #clock: Clock;
	#timer: unknown;
	/** Nobody waits for it any more: what still comes is dropped. */
	ended = false;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	get signal(): AbortSignal {
		return this.#abort.signal;
	}

	/** Fails in `ms`, unless another deadline is set or it ends by then. */
	within(ms: number, fault?: Fault) {
		this.#clock.clearTimeout(this.#timer);
		this.#timer = this.#clock.setTimeout(
			() => this.#abort.abort(new TransportError("No answer in time.", fault)),
			ms,
		);
	}

	/** Waits in place of a deadline; for ever, if it ends meanwhile. */
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
 * Asks a door; with a `body` by POST.
 * @throws {TransportError} unless the door answers in the content type `type`.
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

/** JSON of somebody else on the way is no refusal of the server. */
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
