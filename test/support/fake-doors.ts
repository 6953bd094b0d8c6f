/**
 * A scriptable server with the HTTP endpoints on loopback, for tests of the widget's transports.
 *
 * It has one log and answers correctly; a test replaces the answer of an endpoint, or answers by hand. It has no
 * timer: a poll or a stream waits until the test appends. Not a model of the real server.
 */
import type { ClientFrame, Event, Ready } from "../../protocol/frames.ts";
import { encodeEvent } from "../../protocol/sse.ts";

export type Asked = {
	method: string;
	path: string;
	query: URLSearchParams;
	headers: Headers;
	body: string;
	/** The widget has closed it. */
	gone: boolean;
};

type Door = "frames" | "events" | "health";
/** `false`: the usual answer. */
type Answer = (asked: Asked) => Response | Promise<Response> | false;

export class FakeDoors {
	readonly asked: Asked[] = [];
	readonly log: Event[] = [];
	/** The answer of an endpoint in place of the usual one; for `upgrade`, see `sockets`. */
	readonly instead: { [door in Door]?: Answer | undefined } = {};
	/** Whether the server accepts WebSockets. */
	sockets: "pass" | "refuse" = "refuse";
	/** Sockets that have sent `hello`. */
	readonly greeted: Bun.ServerWebSocket<undefined>[] = [];
	epoch = "e1";
	heartbeat = 15_000;
	readonly #watchers = new Set<() => void>();
	readonly #server: Bun.Server<undefined>;

	constructor() {
		this.#server = Bun.serve({
			port: 0,
			hostname: "127.0.0.1",
			idleTimeout: 0,
			fetch: (request, server) => this.#answer(request, server),
			websocket: {
				message: (socket, text) => this.#onMessage(socket, String(text)),
			},
		});
	}

	get url(): string {
		return `http://127.0.0.1:${this.#server.port}/chat`;
	}

	get ready(): Ready {
		return {
			type: "ready",
			version: 1,
			conversation: "c1",
			epoch: this.epoch,
			head: this.log.length,
			token: "t1",
			heartbeat: this.heartbeat,
			limits: { content: 4_000 },
		};
	}

	to(path: string): Asked[] {
		return this.asked.filter((asked) => asked.path === path);
	}

	append(...events: Event[]) {
		this.log.push(...events);
		for (const wake of [...this.#watchers]) wake();
	}

	close() {
		return this.#server.stop(true);
	}

	async #answer(
		request: Request,
		server: Bun.Server<undefined>,
	): Promise<Response> {
		const { pathname, searchParams } = new URL(request.url);
		const asked: Asked = {
			method: request.method,
			path: pathname.replace(/^\/chat\/?/, "") || "socket",
			query: searchParams,
			headers: request.headers,
			body: await request.text(),
			gone: false,
		};
		request.signal.addEventListener("abort", () => {
			asked.gone = true;
		});
		this.asked.push(asked);
		if (asked.path === "socket") {
			if (this.sockets === "pass" && server.upgrade(request))
				return new Response();
			return new Response("no", { status: 403 });
		}
		const door = asked.path as Door;
		return this.instead[door]?.(asked) || this[door](asked);
	}

	health(_asked: Asked): Response {
		return Response.json({ status: "ok" });
	}

	frames({ body }: Asked): Response {
		const frame = JSON.parse(body) as ClientFrame;
		if (frame.type === "hello") return Response.json(this.ready);
		if (frame.type !== "send") return Response.json({ type: "pong" });
		const start: Event = {
			type: "control",
			action: "start",
			sequence: this.log.length + 1,
			data: { message: frame.id, role: "user", content: frame.content, at: 1 },
		};
		this.append(start);
		return Response.json(start);
	}

	events(asked: Asked): Response | Promise<Response> {
		const isStream = asked.headers.get("accept") === "text/event-stream";
		return isStream ? this.#stream(asked) : this.#page(asked);
	}

	#stream(asked: Asked): Response {
		let next = this.#startOf(asked);
		let wake: () => void;
		const body = new ReadableStream<string>({
			start: (controller) => {
				controller.enqueue(encodeEvent(JSON.stringify(this.ready)));
				wake = () => {
					for (const event of this.log.slice(next))
						controller.enqueue(encodeEvent(JSON.stringify(event)));
					next = this.log.length;
				};
				wake();
				this.#watchers.add(wake);
			},
			cancel: () => {
				asked.gone = true;
				this.#watchers.delete(wake);
			},
		});
		return eventStream(body);
	}

	async #page(asked: Asked): Promise<Response> {
		const from = this.#startOf(asked);
		if (this.log.length === from && asked.query.get("wait") !== "0")
			await new Promise<void>((resolve) => this.#watchers.add(resolve));
		return Response.json({ ready: this.ready, events: this.log.slice(from) });
	}

	#startOf({ query }: Asked): number {
		const after = Number(query.get("after"));
		const epoch = query.get("epoch") ?? this.epoch;
		return epoch === this.epoch && after <= this.log.length ? after : 0;
	}

	#onMessage(socket: Bun.ServerWebSocket<undefined>, text: string) {
		const frame = JSON.parse(text) as ClientFrame;
		if (frame.type === "ping") socket.send(JSON.stringify({ type: "pong" }));
		if (frame.type !== "hello") return;
		this.greeted.push(socket);
		socket.send(JSON.stringify(this.ready));
		for (const event of this.log.slice(frame.after ?? 0))
			socket.send(JSON.stringify(event));
	}
}

export const eventStream = (body: ReadableStream | string): Response =>
	new Response(body, { headers: { "Content-Type": "text/event-stream" } });

export const token = (sequence: number, content = `${sequence}`): Event => ({
	type: "token",
	sequence,
	content,
});
