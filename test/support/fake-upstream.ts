/**
 * A model's server at its worst: plain TCP, so that a test controls every byte and may stop anywhere. It reports
 * when its caller has disconnected.
 */
import { createServer, type Server, type Socket } from "node:net";

export class Exchange {
	readonly method: string;
	readonly path: string;
	readonly headers: Headers;
	readonly body: string;
	/** Resolves when the connection is closed by either side. */
	readonly left: Promise<void>;
	readonly #socket: Socket;

	constructor(socket: Socket, head: string, body: string) {
		const [first = "", ...lines] = head.split("\r\n");
		const [method = "", path = ""] = first.split(" ");
		this.method = method;
		this.path = path;
		this.headers = new Headers(
			lines.map((line): [string, string] => {
				const colon = line.indexOf(":");
				return [line.slice(0, colon), line.slice(colon + 1).trim()];
			}),
		);
		this.body = body;
		this.#socket = socket;
		this.left = new Promise((resolve) => socket.on("close", () => resolve()));
	}

	get json() {
		return JSON.parse(this.body);
	}

	/** The head of the response; the body is chunked. */
	open(type: string | undefined, status = 200, headers: string[] = []): this {
		const lines = [
			`HTTP/1.1 ${status} Said`,
			...(type === undefined ? [] : [`Content-Type: ${type}`]),
			"Transfer-Encoding: chunked",
			"Connection: close",
			...headers,
		];
		this.#socket.write(`${lines.join("\r\n")}\r\n\r\n`);
		return this;
	}

	send(part: string | Uint8Array): this {
		this.#socket.write(framed(part));
		return this;
	}

	/**
	 * One event per value, in the format of OpenAI-compatible servers. They are written at once, so
	 * that a later cut loses none of them.
	 */
	events(...values: (object | string)[]): this {
		const frames = values.map((value) =>
			framed(
				`data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`,
			),
		);
		this.#socket.write(Buffer.concat(frames));
		return this;
	}

	end(): void {
		this.#socket.end("0\r\n\r\n");
	}

	/** The connection breaks: sent bytes arrive, but no end of the body. */
	cut(): void {
		this.#socket.end();
	}

	/** A whole short answer. */
	answer(status: number, body: string, headers: string[] = []): void {
		this.open("application/json", status, headers).send(body).end();
	}
}

/** A chunk of the body. An empty one would end it. */
function framed(part: string | Uint8Array): Buffer {
	const bytes = Buffer.from(part as string);
	if (bytes.length === 0) return bytes;
	const head = Buffer.from(`${bytes.length.toString(16)}\r\n`);
	return Buffer.concat([head, bytes, Buffer.from("\r\n")]);
}

export type FakeUpstream = {
	url: string;
	exchanges: Exchange[];
	stop(): Promise<void>;
};

/** Starts one on a free port of loopback; `answer` gets each whole request. */
export async function fakeUpstream(
	answer: (exchange: Exchange, nth: number) => void | Promise<void>,
): Promise<FakeUpstream> {
	const exchanges: Exchange[] = [];
	const sockets = new Set<Socket>();
	const server: Server = createServer((socket) => {
		sockets.add(socket);
		socket.on("close", () => sockets.delete(socket));
		// Many tests disconnect in the middle.
		socket.on("error", () => socket.destroy());
		let heard = Buffer.alloc(0);
		socket.on("data", (bytes) => {
			heard = Buffer.concat([heard, bytes as Buffer]);
			const end = heard.indexOf("\r\n\r\n");
			if (end === -1) return;
			const head = heard.subarray(0, end).toString();
			const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
			if (heard.length < end + 4 + length) return;
			const body = heard.subarray(end + 4, end + 4 + length).toString();
			heard = Buffer.alloc(0);
			const exchange = new Exchange(socket, head, body);
			exchanges.push(exchange);
			void answer(exchange, exchanges.length);
		});
	});
	await new Promise<void>((resolve) =>
		server.listen(0, "127.0.0.1", () => resolve()),
	);
	const { port } = server.address() as { port: number };
	return {
		url: `http://127.0.0.1:${port}`,
		exchanges,
		stop: () =>
			new Promise((resolve) => {
				for (const socket of sockets) socket.destroy();
				server.close(() => resolve());
			}),
	};
}

/** A fetch whose response arrives in exactly these parts; a real network would join them. */
export const fetchInParts =
	(type: string, parts: Iterable<Uint8Array>) =>
	async (): Promise<Response> => {
		const rest = parts[Symbol.iterator]();
		const body = new ReadableStream<Uint8Array>({
			pull(controller) {
				const { value, done } = rest.next();
				if (done) controller.close();
				else controller.enqueue(value);
			},
		});
		return new Response(body, { headers: { "content-type": type } });
	};

/** The bytes of a text, one by one. */
export const bytesOf = (text: string): Uint8Array[] =>
	[...Buffer.from(text)].map((byte) => Uint8Array.of(byte));
