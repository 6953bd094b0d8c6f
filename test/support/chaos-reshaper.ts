/**
 * Changes an event stream as middleboxes do: buffers it until its end, forwards it in blocks, or compresses it.
 * Knows bytes and HTTP/1.1, no sockets.
 *
 * A reshaped response ends with its connection, so it has no length and no chunks.
 */
import { constants, createGzip, type Gzip } from "node:zlib";

export type Reshaping = "hold" | "gzip" | { blockBytes: number } | undefined;

export class Reshaper {
	readonly #how: Reshaping;
	readonly #out: (bytes: Buffer) => void;
	#head: Buffer | undefined = Buffer.alloc(0);
	#chunks: Chunks | undefined;
	#kept = Buffer.alloc(0);
	#gzip: Gzip | undefined;
	/** The response is an event stream. */
	isStream = false;

	constructor(how: Reshaping, out: (bytes: Buffer) => void) {
		this.#how = how;
		this.#out = out;
	}

	write(bytes: Buffer) {
		if (!this.#head) return this.#body(bytes);
		this.#head = Buffer.concat([this.#head, bytes]);
		const end = this.#head.indexOf("\r\n\r\n");
		if (end < 0) return;
		const head = this.#head.toString("latin1", 0, end);
		const rest = this.#head.subarray(end + 4);
		this.#head = undefined;
		this.#begin(head);
		this.#body(rest);
	}

	/** The response has ended; `done` is called after the last byte is sent. */
	end(done: () => void) {
		if (this.#gzip) {
			this.#gzip.once("end", done);
			this.#gzip.end();
			return;
		}
		if (this.#kept.length > 0) this.#out(this.#kept);
		done();
	}

	#begin(head: string) {
		this.isStream = /^content-type: *text\/event-stream/im.test(head);
		const isSwitch = head.startsWith("HTTP/1.1 101");
		const how = this.isStream ? this.#how : undefined;
		const isChunked = /^transfer-encoding: *chunked/im.test(head);
		if (how && isChunked) this.#chunks = new Chunks();
		const changed = how
			? /^(transfer-encoding|content-length|connection):/i
			: /^connection:/i;
		const lines = head.split("\r\n").filter((line) => !changed.test(line));
		if (how === "gzip") {
			lines.push("Content-Encoding: gzip");
			this.#gzip = createGzip();
			this.#gzip.on("data", this.#out);
		}
		// Otherwise the client could send its next request on a connection that is about to close.
		const told = isSwitch ? head : [...lines, "Connection: close"].join("\r\n");
		const bytes = Buffer.from(`${told}\r\n\r\n`, "latin1");
		if (how === "hold") this.#kept = bytes;
		else this.#out(bytes);
	}

	#body(bytes: Buffer) {
		if (!this.isStream || !this.#how) {
			if (bytes.length > 0) this.#out(bytes);
			return;
		}
		const text = this.#chunks ? this.#chunks.read(bytes) : bytes;
		if (this.#gzip) {
			this.#gzip.write(text);
			this.#gzip.flush(constants.Z_SYNC_FLUSH);
			return;
		}
		this.#kept = Buffer.concat([this.#kept, text]);
		if (typeof this.#how !== "object") return;
		const { blockBytes } = this.#how;
		const whole = this.#kept.length - (this.#kept.length % blockBytes);
		if (whole > 0) this.#out(this.#kept.subarray(0, whole));
		this.#kept = this.#kept.subarray(whole);
	}
}

/** Decodes a chunked body, however its bytes are split. */
class Chunks {
	#rest = Buffer.alloc(0);
	/** Bytes of the chunk that have not arrived yet, including its line end. */
	#left = 0;

	read(bytes: Buffer): Buffer {
		let buffer = Buffer.concat([this.#rest, bytes]);
		const found: Buffer[] = [];
		for (;;) {
			if (this.#left > 0) {
				const text = Math.max(0, Math.min(this.#left - 2, buffer.length));
				found.push(buffer.subarray(0, text));
				const taken = Math.min(this.#left, buffer.length);
				buffer = buffer.subarray(taken);
				this.#left -= taken;
				if (this.#left > 0) break;
			}
			const end = buffer.indexOf("\r\n");
			if (end < 0) break;
			this.#left = Number.parseInt(buffer.toString("latin1", 0, end), 16) + 2;
			buffer = buffer.subarray(end + 2);
		}
		this.#rest = buffer;
		return Buffer.concat(found);
	}
}
