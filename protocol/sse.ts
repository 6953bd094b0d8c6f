/**
 * Event-stream framing (WHATWG HTML, "Server-sent events", section 9.2.6) in both directions. Knows
 * text only: decode bytes with a streaming TextDecoder first.
 */

export type StreamEvent = { event: string; data: string; id: string };

/** One event of a stream. `data` may hold newlines; `id` must not. */
export function encodeEvent(data: string, id?: string): string {
	const head = id === undefined ? "" : `id: ${id}\n`;
	return `${head}data: ${data.replaceAll("\n", "\ndata: ")}\n\n`;
}

/** A comment: it keeps an idle stream open through proxies, and readers ignore it. */
export const encodeComment = (text = ""): string => `: ${text}\n\n`;

/**
 * Reads a stream in chunks that are cut anywhere, also inside a CRLF. Text after the last blank
 * line waits for the next one, as the standard demands.
 */
export class EventStreamReader {
	#rest = "";
	#data: string[] = [];
	#event = "";
	#id = "";
	#started = false;
	/** The rest ends in a CR, which may be half of a CRLF. */
	#halved = false;

	/** The events that `text` completes, in order. */
	read(text: string): StreamEvent[] {
		if (text === "") return [];
		// A long line in many chunks is searched once, not again with each chunk.
		if (this.#started && !this.#halved && !/[\r\n]/.test(text)) {
			this.#rest += text;
			return [];
		}
		let buffer = this.#rest + text;
		if (!this.#started) {
			this.#started = true;
			if (buffer.startsWith("\uFEFF")) buffer = buffer.slice(1);
		}
		const events: StreamEvent[] = [];
		const newline = /\r\n|\r|\n/g;
		let from = 0;
		this.#halved = false;
		for (let hit = newline.exec(buffer); hit; hit = newline.exec(buffer)) {
			// A CR at the very end may be half of a CRLF: wait for what follows.
			this.#halved = hit[0] === "\r" && newline.lastIndex === buffer.length;
			if (this.#halved) break;
			this.#line(buffer.slice(from, hit.index), events);
			from = newline.lastIndex;
		}
		this.#rest = buffer.slice(from);
		return events;
	}

	#line(line: string, events: StreamEvent[]) {
		if (line === "") {
			if (this.#data.length > 0)
				events.push({
					event: this.#event || "message",
					data: this.#data.join("\n"),
					id: this.#id,
				});
			this.#data = [];
			this.#event = "";
			return;
		}
		const colon = line.indexOf(":");
		const field = colon === -1 ? line : line.slice(0, colon);
		let value = colon === -1 ? "" : line.slice(colon + 1);
		if (value.startsWith(" ")) value = value.slice(1);
		if (field === "data") this.#data.push(value);
		else if (field === "event") this.#event = value;
		else if (field === "id" && !value.includes("\0")) this.#id = value;
	}
}
