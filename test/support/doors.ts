/**
 * The connections of a test visitor, one kind per endpoint, and the same visitor's plain requests.
 */
import {
	type Conversation,
	emptyConversation,
} from "../../protocol/conversation.ts";
import { closeCodeOf } from "../../protocol/errors.ts";
import {
	type ClientFrame,
	decodePage,
	decodeServerFrame,
	type ErrorFrame,
	type Ready,
	type ServerFrame,
} from "../../protocol/frames.ts";
import { EventStreamReader } from "../../protocol/sse.ts";
import { type Greeting, isRefusal, Line } from "./wire.ts";

/* ---------------------------------------------------------------- WebSocket */

export class SocketLine extends Line {
	readonly socket: WebSocket;

	constructor(url: string, token?: string) {
		super(token);
		this.socket = new WebSocket(`${url.replace("http", "ws")}/chat`);
		this.socket.onmessage = ({ data }) => {
			const frame = decodeServerFrame(data);
			if (frame) this.take(frame);
		};
		this.socket.onopen = () => this.wake();
		this.socket.onclose = ({ code, reason }) => this.end(code, reason);
	}

	opened = () =>
		this.when(() => this.socket.readyState === WebSocket.OPEN, "open socket");

	say(frame: ClientFrame | string | Uint8Array<ArrayBuffer>) {
		const raw = typeof frame === "string" || frame instanceof Uint8Array;
		this.socket.send(raw ? frame : JSON.stringify(frame));
	}

	/** The server handles frames in order: an error would arrive before the pong. */
	async ask(frame: ClientFrame): Promise<ServerFrame> {
		const from = this.frames.length;
		this.say(frame);
		if (frame.type !== "ping") this.say({ type: "ping" });
		const said = () => this.frames.slice(from);
		const pong = await this.when(
			() => said().find(({ type }) => type === "pong") ?? this.closed,
			"pong",
		);
		const refusal = said().find(isRefusal);
		if (refusal) return refusal;
		if (!("type" in pong)) throw new Error("The line was closed.");
		// The server does not send events twice to a reader.
		const places = frame.type === "send" ? this.frames : undefined;
		const isKnown = frame.type === "send" && this.knows(frame.id);
		return this.when(
			() =>
				(places ?? said()).find((down) => isAnswerTo(frame, down)) ??
				(isKnown && pong),
			`answer to ${frame.type}`,
		);
	}

	protected hangUp() {
		this.socket.close();
	}
}

function isAnswerTo(frame: ClientFrame, down: ServerFrame): boolean {
	if (frame.type === "hello") return down.type === "ready";
	if (frame.type === "stop" || frame.type === "ping")
		return down.type === "pong";
	if (down.type !== "control") return false;
	if (frame.type === "feedback") return down.action === "feedback";
	if (down.action !== "start" || !("data" in down)) return false;
	const { data } = down;
	return frame.type === "send"
		? data.message === frame.id
		: data.role === "assistant" && data.replyTo === frame.message;
}

/* ---------------------------------------------------------------- HTTP */

export type Answer = { status: number; headers: Headers; body: unknown };

const bearer = (token: string | undefined): Record<string, string> =>
	token ? { Authorization: `Bearer ${token}` } : {};

export async function post(
	url: string,
	path: string,
	body: unknown,
	token?: string,
	headers: Record<string, string> = {},
): Promise<Answer> {
	const response = await fetch(`${url}/chat${path}`, {
		method: "POST",
		headers: { ...bearer(token), ...headers },
		body: typeof body === "string" ? body : JSON.stringify(body),
	});
	return answerOf(response);
}

export async function get(
	url: string,
	path: string,
	token?: string,
	headers: Record<string, string> = {},
): Promise<Answer> {
	const response = await fetch(`${url}/chat${path}`, {
		headers: { ...bearer(token), Accept: "application/json", ...headers },
	});
	return answerOf(response);
}

const answerOf = async (response: Response): Promise<Answer> => ({
	status: response.status,
	headers: response.headers,
	body: await response.json(),
});

/** The error code of a response. */
export const codeOf = ({ body }: Answer) =>
	(body as { data?: { code?: string } }).data?.code;

/** The first health response that is not 200: the server has begun to drain. */
export async function draining(url: string): Promise<Answer> {
	for (;;) {
		const health = await get(url, "/health");
		if (health.status !== 200) return health;
		await Bun.sleep(5);
	}
}

/** A new visitor with a new conversation. */
export async function visit(url: string) {
	const { body } = await post(url, "/frames", { type: "hello", version: 1 });
	const ready = body as Ready;
	const { conversation, token = "" } = ready;
	const frames = `/frames?conversation=${conversation}`;
	return { conversation, token, frames, ready };
}

export const eventsPath = ({ conversation, epoch, after }: Greeting) =>
	`/events?${new URLSearchParams({
		conversation: conversation ?? "",
		...(epoch && { epoch }),
		...(after !== undefined && { after: `${after}` }),
	})}`;

/** Sends frames by POST; the subclass receives them. */
abstract class HttpLine extends Line {
	readonly url: string;
	readonly stopReading = new AbortController();

	constructor(url: string, token?: string) {
		super(token);
		this.url = url;
	}

	/** `hello` by POST, then the log by GET, whose own `ready` is the first frame of the connection. */
	async greet(greeting: Greeting) {
		const hello = { type: "hello", version: 1, ...greeting } as const;
		const { body } = await post(this.url, "/frames", hello);
		const frame = decodeServerFrame(JSON.stringify(body)) as Ready | ErrorFrame;
		if (frame.type !== "ready") {
			this.take(frame);
			return this.end(closeCodeOf(frame.data.code));
		}
		const { conversation, token = greeting.token } = frame;
		this.token = token;
		const { epoch = frame.epoch, after = 0 } = greeting;
		const from = { conversation, epoch, after, ...(token && { token }) };
		this.read(from).catch((error) =>
			this.end(this.stopReading.signal.aborted ? 1000 : 1006, `${error}`),
		);
		await this.when(() => this.frames.length > 0 || this.closed, "ready");
	}

	abstract read(greeting: Greeting): Promise<void>;

	async ask(frame: ClientFrame): Promise<ServerFrame> {
		const { conversation, token } = this.comeback;
		const path = `/frames?conversation=${conversation}`;
		const { body } = await post(this.url, path, frame, token);
		const down = decodeServerFrame(JSON.stringify(body)) as ServerFrame;
		if (isRefusal(down)) this.take(down);
		return down;
	}

	protected hangUp() {
		this.stopReading.abort();
	}
}

export class StreamLine extends HttpLine {
	/** The `id` of each event of the stream, beside its frame. */
	readonly ids: string[] = [];
	headers: Headers | undefined;

	async read(greeting: Greeting, more: Record<string, string> = {}) {
		const path = `${this.url}/chat${eventsPath(greeting)}`;
		const response = await fetch(path, {
			headers: {
				...bearer(greeting.token),
				Accept: "text/event-stream",
				...more,
			},
			signal: this.stopReading.signal,
		});
		this.headers = response.headers;
		const reader = new EventStreamReader();
		const decoder = new TextDecoder();
		for await (const chunk of response.body ?? [])
			for (const { data, id } of reader.read(
				decoder.decode(chunk, { stream: true }),
			)) {
				const frame = decodeServerFrame(data);
				if (!frame) continue;
				this.ids.push(id);
				this.take(frame);
			}
		this.end(1000, "The stream has ended.");
	}
}

export class PollLine extends HttpLine {
	async read(greeting: Greeting) {
		const { token, conversation } = greeting;
		let { epoch, after = 0 } = greeting;
		for (let first = true; !this.stopReading.signal.aborted; first = false) {
			const path = eventsPath({ conversation, epoch, after } as Greeting);
			const wait = first ? 0 : 2;
			const { status, body } = await get(
				this.url,
				`${path}&wait=${wait}`,
				token,
			);
			if (status !== 200) return this.end(4_000 + status);
			const { ready, events } = decodePage(JSON.stringify(body));
			if (first || ready.epoch !== epoch) this.take(ready);
			epoch = ready.epoch;
			for (const event of events) {
				this.take(event);
				after = event.sequence;
			}
		}
	}
}

/* ---------------------------------------------------------------- all kinds */

export type Door = {
	name: string;
	/**
	 * Connects; resolves on `ready` or on an error. A reader that reconnects passes its `picture`, to which its
	 * cursor belongs.
	 */
	enter(
		url: string,
		greeting?: Greeting,
		picture?: Conversation,
	): Promise<Line>;
};

const webSocket = {
	name: "WebSocket",
	async enter(url: string, greeting: Greeting = {}, picture?: Conversation) {
		const line = new SocketLine(url, greeting.token);
		line.picture = picture ?? emptyConversation;
		await line.opened();
		line.say({ type: "hello", version: 1, ...greeting });
		await line.when(() => line.frames.length > 0 || line.closed, "ready");
		if (line.refusal) await line.gone();
		return line;
	},
};

const overHttp = <Reader extends HttpLine>(
	name: string,
	LineOf: new (url: string, token?: string) => Reader,
) => ({
	name,
	async enter(url: string, greeting: Greeting = {}, picture?: Conversation) {
		const line = new LineOf(url, greeting.token);
		line.picture = picture ?? emptyConversation;
		await line.greet(greeting);
		return line;
	},
});

export const doors = {
	webSocket,
	eventStream: overHttp("event stream", StreamLine),
	plainJson: overHttp("JSON", PollLine),
};
export const everyDoor: readonly Door[] = Object.values(doors);
