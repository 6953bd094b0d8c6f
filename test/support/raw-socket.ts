/**
 * A handwritten WebSocket peer (RFC 6455) that can misbehave: ignore pings, stop reading, send fragments, send its
 * own handshake.
 */
import { connect, type Socket } from "node:net";

const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
type Kind = keyof typeof opcodes;
const kindOf = Object.fromEntries(
	Object.entries(opcodes).map(([kind, code]) => [code, kind as Kind]),
);

export type RawFrame = { kind: Kind; data: Buffer };

export class RawSocket {
	readonly frames: RawFrame[] = [];
	/** The head of the response to the handshake. */
	handshake = "";
	/** The connection has closed. */
	ended = false;
	/** Received bytes of any kind. */
	received = 0;
	readonly #socket: Socket;
	#rest = Buffer.alloc(0);
	#looks = new Set<() => void>();

	constructor(url: string, headers: Record<string, string> = {}) {
		const { hostname, port } = new URL(url);
		const lines = Object.entries({
			Host: `${hostname}:${port}`,
			Connection: "Upgrade",
			Upgrade: "websocket",
			"Sec-WebSocket-Version": "13",
			"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
			...headers,
		}).map(([name, value]) => `${name}: ${value}\r\n`);
		this.#socket = connect(Number(port), hostname);
		this.#socket.write(`GET /chat HTTP/1.1\r\n${lines.join("")}\r\n`);
		this.#socket.on("data", (chunk: Buffer) => this.#read(chunk));
		this.#socket.on("error", () => this.#end());
		this.#socket.on("close", () => this.#end());
	}

	/** Sends frames built with `frameOf`, in one write. */
	write(bytes: Uint8Array) {
		this.#socket.write(bytes);
	}

	say(...frames: (object | string)[]) {
		this.write(
			Buffer.concat(
				frames.map((frame) =>
					frameOf(typeof frame === "string" ? frame : JSON.stringify(frame)),
				),
			),
		);
	}

	ping() {
		this.write(frameOf("", "ping"));
	}

	/** The received texts, parsed as JSON. */
	get texts() {
		return this.frames
			.filter(({ kind }) => kind === "text")
			.map(({ data }) => JSON.parse(data.toString()));
	}

	/** The code of the received close frame. */
	get closeCode(): number | undefined {
		const close = this.frames.find(({ kind }) => kind === "close");
		return close?.data.readUInt16BE(0);
	}

	pause() {
		this.#socket.pause();
	}

	resume() {
		this.#socket.resume();
	}

	destroy() {
		this.#socket.destroy();
	}

	async when(look: () => boolean, what: string, ms = 4_500): Promise<void> {
		await new Promise<void>((resolve, reject) => {
			const end = () => {
				clearTimeout(timer);
				this.#looks.delete(again);
			};
			const again = () => {
				if (!look()) return;
				end();
				resolve();
			};
			const timer = setTimeout(() => {
				end();
				reject(new Error(`No ${what} in ${ms} ms.`));
			}, ms);
			this.#looks.add(again);
			again();
		});
	}

	#end() {
		this.ended = true;
		this.#wake();
	}

	#wake() {
		for (const look of this.#looks) look();
	}

	#read(chunk: Buffer) {
		this.received += chunk.length;
		this.#rest = Buffer.concat([this.#rest, chunk]);
		if (this.handshake === "") {
			const end = this.#rest.indexOf("\r\n\r\n");
			if (end === -1) return;
			this.handshake = this.#rest.subarray(0, end).toString();
			this.#rest = this.#rest.subarray(end + 4);
		}
		for (let frame = this.#next(); frame; frame = this.#next())
			this.frames.push(frame);
		this.#wake();
	}

	/** The next whole frame. A server's frames are not masked, and ours are not fragmented. */
	#next(): RawFrame | undefined {
		const rest = this.#rest;
		if (rest.length < 2) return undefined;
		const short = rest.readUInt8(1) & 0x7f;
		const head = short === 126 ? 4 : short === 127 ? 10 : 2;
		if (rest.length < head) return undefined;
		let length = short;
		if (short === 126) length = rest.readUInt16BE(2);
		if (short === 127) length = Number(rest.readBigUInt64BE(2));
		if (rest.length < head + length) return undefined;
		const data = Buffer.from(rest.subarray(head, head + length));
		this.#rest = rest.subarray(head + length);
		return { kind: kindOf[rest.readUInt8(0) & 0x0f] ?? "binary", data };
	}
}

/** A client's frame, masked with zeros, so that a dump shows its payload. */
export function frameOf(
	payload: string | Uint8Array,
	kind: Kind | "continuation" = "text",
	final = true,
): Buffer {
	const data = Buffer.from(payload as string);
	const code = kind === "continuation" ? 0 : opcodes[kind];
	const first = (final ? 0x80 : 0) | code;
	let head: Buffer;
	if (data.length < 126) head = Buffer.from([first, 0x80 | data.length]);
	else if (data.length < 65_536) {
		head = Buffer.from([first, 0x80 | 126, 0, 0]);
		head.writeUInt16BE(data.length, 2);
	} else {
		head = Buffer.alloc(10);
		head.writeUInt8(first, 0);
		head.writeUInt8(0x80 | 127, 1);
		head.writeBigUInt64BE(BigInt(data.length), 2);
	}
	return Buffer.concat([head, Buffer.alloc(4), data]);
}
