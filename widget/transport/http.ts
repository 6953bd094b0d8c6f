/**
 * A transport over plain HTTP, for networks that block WebSockets: it reads the events endpoint as an
 * event stream or page by page, and sends frames by POST, one at a time.
 *
 * An answer of another content type, such as a captive portal's page, counts as a dead network.
 *
 * Over 300 lines, because connecting, reading and posting end together.
 */
import {
	type ErrorCode,
	isWorthRetrying,
	statusOf,
} from "../../protocol/errors.ts";
import {
	type ClientFrame,
	decodePage,
	decodeServerFrame,
	type ErrorFrame,
	encode,
	type Hello,
	isEvent,
	type Ready,
	type ServerFrame,
} from "../../protocol/frames.ts";
import { EventStreamReader } from "../../protocol/sse.ts";
import { Backoff, backoffDefaults } from "./backoff.ts";
import {
	eventStream,
	type Fault,
	fetchEndpoint,
	isRefusal,
	json,
	refused,
	Task,
	TransportError,
} from "./request.ts";
import type {
	Transport,
	TransportFactory,
	TransportOptions,
} from "./transport.ts";

const defaults = Object.freeze({
	/** From a request to a stream's `ready`, and from a POST's answer to its event on the stream. */
	handshakeMs: 5_000,
	/** From a POST to its answer. */
	postMs: 10_000,
	/** How long the server may hold back a page, in seconds. */
	waitSeconds: 20,
	/** From the request for a page to its end. */
	pageMs: 30_000,
	/** Between the requests of two pages, to spare the server while tokens arrive. */
	pageGapMs: 250,
	/** Beyond the heartbeat, before a silent stream counts as dead. */
	graceMs: 10_000,
	/** The most frames that may wait for their POST. */
	queued: 32,
});

/** Reads one endless response. */
export const streamTransport: TransportFactory = (options) =>
	new HttpTransport("stream", options);

/** Reads page by page: slower, but every proxy passes it. */
export const pollTransport: TransportFactory = (options) =>
	new HttpTransport("poll", options);

class HttpTransport implements Transport {
	readonly name: "stream" | "poll";
	readonly #options: TransportOptions;
	readonly #backoff: Backoff;
	#phase: "new" | "running" | "stopped" = "new";
	#timer: unknown;
	#dialAt: number | undefined;

	#reading: Task | undefined;
	#posting: Task | undefined;
	#expecting: Task | undefined;
	#queue: ClientFrame[] = [];
	/** The session received the `ready` of this read. */
	#ready = false;
	#conversation: string | undefined;
	#epoch: string | undefined;
	#after = 0;
	/** How many chunks or pages were received. */
	#received = 0;
	/** How long the server holds back pages: halved when a proxy cuts one, then slowly raised. */
	#waitSeconds: number = defaults.waitSeconds;

	constructor(name: "stream" | "poll", options: TransportOptions) {
		this.name = name;
		this.#options = options;
		this.#backoff = new Backoff(options.clock);
	}

	start() {
		if (this.#phase !== "new") return;
		this.#phase = "running";
		this.#dial();
	}

	stop() {
		this.#phase = "stopped";
		this.#drop();
	}

	redial() {
		const { clock } = this.#options;
		const soon = clock.now() + backoffDefaults.redialMs;
		if (this.#phase !== "running" || (this.#dialAt ?? soon + 1) <= soon) return;
		this.#drop();
		this.#dialIn(this.#backoff.redial());
	}

	send(frame: ClientFrame): boolean {
		if (!this.#ready || this.#queue.length >= defaults.queued) return false;
		if (frame.type === "hello") this.#read(frame);
		else {
			this.#queue.push(frame);
			if (!this.#posting) this.#post();
		}
		return true;
	}

	/* ------------------------------------------------------------ dialing */

	#dial() {
		this.#drop();
		this.#options.events.dialing(this.#backoff.attempt);
		if (this.#phase === "running") this.#read(this.#options.events.greet());
	}

	#dialIn(ms: number) {
		const { clock, events } = this.#options;
		this.#dialAt = clock.now() + ms;
		this.#timer = clock.setTimeout(() => this.#dial(), ms);
		events.waiting(this.#dialAt);
	}

	#drop() {
		this.#options.clock.clearTimeout(this.#timer);
		this.#dialAt = undefined;
		this.#reading?.end();
		this.#posting?.end();
		this.#expecting?.end();
		this.#posting = undefined;
		this.#queue = [];
		this.#ready = false;
	}

	#fail(error: unknown) {
		const { events } = this.#options;
		const fault = error instanceof TransportError ? error.fault : {};
		const { refusal } = fault;
		if (refusal && !isWorthRetrying(statusOf[refusal.code])) {
			this.stop();
			events.refused(refusal.code, refusal.text);
			return;
		}
		this.#drop();
		if (fault.swallowed) events.failed?.("swallowed");
		if (this.#phase !== "running") return;
		this.#dialIn(this.#backoff.lost(refusal?.retryAfter ?? fault.retryAfterMs));
	}

	/** Runs a task. Its error ends the connection, unless the task was ended before. */
	#run(work: (task: Task) => Promise<void>): Task {
		const task = new Task(this.#options.clock);
		work(task)
			.catch((error) => {
				if (!task.ended) this.#fail(task.signal.reason ?? error);
			})
			.finally(() => task.end());
		return task;
	}

	/* ------------------------------------------------------------ reading */

	/** Reads from the cursor of `hello`. It replaces the read under way. */
	#read(hello: Hello) {
		this.#reading?.end();
		this.#conversation = hello.conversation;
		this.#epoch = hello.epoch;
		this.#after = hello.after ?? 0;
		let isReady = false;
		const take = (frame: ServerFrame | undefined) => {
			if (!frame) return;
			if (isRefusal(frame)) throw refused(frame);
			if (frame.type === "ready") isReady = this.#meet(frame, isReady);
			else if (isReady) this.#passOn(frame);
			else
				throw new TransportError(
					"Expected the events endpoint to begin with ready.",
				);
		};
		this.#reading = this.#run(async (task) => {
			if (!hello.conversation || !this.#options.token()) {
				// A server or proxy may log the body, so the credential goes into the header only.
				const answer = await this.#ask(task, { ...hello, token: undefined });
				if (task.ended) return;
				if (answer?.type !== "ready")
					throw new TransportError("Expected ready as the answer to hello.");
				take(answer);
			}
			if (this.name === "stream") await this.#readStream(task, take);
			else await this.#readPages(task, take, () => isReady);
		});
	}

	async #readStream(task: Task, take: (frame?: ServerFrame) => void) {
		if (task.ended) return;
		let patienceMs: number = defaults.handshakeMs;
		const isLate = () =>
			task.within(patienceMs, {
				swallowed: patienceMs === defaults.handshakeMs,
			});
		isLate();
		const response = await this.#fetch(task, this.#eventsPath(), eventStream);
		const body = response.body?.getReader();
		const text = new TextDecoder();
		const events = new EventStreamReader();
		for (;;) {
			const chunk = await body?.read();
			if (task.ended) return;
			if (!chunk || chunk.done)
				throw new TransportError("The stream has ended.");
			this.#received++;
			for (const { data } of events.read(
				text.decode(chunk.value, { stream: true }),
			)) {
				const frame = decodeServerFrame(data);
				if (frame?.type === "ready")
					patienceMs = frame.heartbeat + defaults.graceMs;
				take(frame);
				if (task.ended) return;
			}
			// Only `ready` ends the handshake: a proxy may pass a first chunk and hold back the rest.
			if (patienceMs !== defaults.handshakeMs) isLate();
		}
	}

	async #readPages(
		task: Task,
		take: (frame?: ServerFrame) => void,
		isReady: () => boolean,
	) {
		const { clock } = this.#options;
		while (!task.ended) {
			const askedAt = clock.now();
			task.within(defaults.pageMs);
			const wait = isReady() ? this.#waitSeconds : 0;
			const heldSeconds = () => (clock.now() - askedAt) / 1_000;
			const { ready, events } = await this.#page(task, wait).catch((error) => {
				// Some proxies cut waiting requests; without a shorter wait each cut is a failure.
				if (!task.ended && heldSeconds() < wait)
					this.#waitSeconds = Math.max(1, Math.floor(heldSeconds() / 2));
				throw error;
			});
			if (task.ended) return;
			this.#received++;
			if (events.length === 0 && wait > 0)
				this.#waitSeconds = Math.min(wait + 1, defaults.waitSeconds);
			// A page without events is passed on as a ping.
			const pulse: ServerFrame = { type: "ping", head: ready.head };
			for (const frame of [ready, ...(events.length ? events : [pulse])]) {
				take(frame);
				if (task.ended) return;
			}
			await task.pause(defaults.pageGapMs - (clock.now() - askedAt));
		}
	}

	/** Passes `ready` on if it is the first of this read, or about another log. */
	#meet(ready: Ready, isReady: boolean): true {
		const isOther =
			ready.head < this.#after || ready.epoch !== (this.#epoch ?? ready.epoch);
		if (isOther) this.#after = 0;
		this.#conversation = ready.conversation;
		this.#epoch = ready.epoch;
		if (isReady && !isOther) return true;
		this.#ready = true;
		this.#backoff.ready();
		this.#options.events.receive(ready);
		return true;
	}

	#passOn(frame: ServerFrame) {
		if (isEvent(frame)) this.#after = Math.max(this.#after, frame.sequence);
		this.#options.events.receive(frame);
	}

	/* ------------------------------------------------------------ posting */

	#post() {
		this.#posting = this.#run(async (task) => {
			for (let frame = this.#queue[0]; frame; frame = this.#queue[0]) {
				if (frame.type === "ping" && this.name === "stream")
					await this.#compare(task);
				else await this.#deliver(task, frame);
				if (task.ended) return;
				this.#queue.shift();
			}
			this.#posting = undefined;
		});
	}

	/**
	 * An event in the answer is not passed on, because it may be ahead of the cursor: the read brings
	 * it. An error about this frame alone is passed on; any other ends the connection.
	 */
	async #deliver(task: Task, frame: ClientFrame) {
		try {
			const answer = await this.#ask(task, frame);
			if (task.ended || !answer) return;
			if (isRefusal(answer)) throw refused(answer);
			if (isEvent(answer)) this.#expect(answer.sequence);
			else if (frame.type === "ping") this.#options.events.receive(answer);
		} catch (error) {
			const refusal = error instanceof TransportError && refusalIn(error.fault);
			if (task.ended || !refusal || concernsConnection(refusal)) throw error;
			const id = refusal.id ?? idOf(frame);
			this.#options.events.receive({
				type: "control",
				action: "error",
				data: { ...refusal, ...(id && { id }) },
			});
		}
	}

	/** A stream's ping: a pong by POST proves nothing about the stream, but the log's head does. */
	async #compare(task: Task) {
		task.within(defaults.postMs);
		const { ready } = await this.#page(task, 0);
		if (task.ended) return;
		this.#expect(ready.head);
		this.#options.events.receive({ type: "pong" });
	}

	/** If nothing arrives although the log has grown, something on the way holds back the read. */
	#expect(sequence: number) {
		if (this.#expecting && !this.#expecting.ended) return;
		const received = this.#received;
		this.#expecting = this.#run(async (task) => {
			await task.pause(defaults.handshakeMs);
			if (this.#received === received && this.#after < sequence)
				throw new TransportError("The event of a sent frame did not arrive.", {
					swallowed: true,
				});
		});
	}

	/* ------------------------------------------------------------ requests */

	async #ask(task: Task, frame: ClientFrame): Promise<ServerFrame | undefined> {
		task.within(defaults.postMs);
		const query = this.#conversation
			? `?${new URLSearchParams({ conversation: this.#conversation })}`
			: "";
		const response = await this.#fetch(
			task,
			`/frames${query}`,
			json,
			encode(frame),
		);
		return decodeServerFrame(await response.text());
	}

	async #page(task: Task, wait: number) {
		const response = await this.#fetch(task, this.#eventsPath(wait), json);
		return decodePage(await response.text());
	}

	#eventsPath(wait?: number): string {
		const query = new URLSearchParams({ after: `${this.#after}` });
		if (this.#conversation) query.set("conversation", this.#conversation);
		if (this.#epoch) query.set("epoch", this.#epoch);
		if (wait !== undefined) query.set("wait", `${wait}`);
		return `/events?${query}`;
	}

	#fetch(task: Task, path: string, type: string, body?: string) {
		const { url, token, clock } = this.#options;
		return fetchEndpoint(url + path, task, clock, {
			type,
			body,
			token: token(),
		});
	}
}

/** A proxy's size limit is as final for a frame as the server's. */
function refusalIn({ refusal, status }: Fault): ErrorFrame["data"] | undefined {
	if (status !== statusOf.too_large) return refusal;
	return { code: "too_large", text: "Your message is too long." };
}

/** An error without an id concerns the connection if connecting again may help. */
function concernsConnection({
	id,
	code,
}: {
	id?: string | undefined;
	code: ErrorCode;
}) {
	if (id !== undefined) return false;
	return code === "unauthorized" || isWorthRetrying(statusOf[code]);
}

function idOf(frame: ClientFrame): string | undefined {
	if (frame.type === "send") return frame.id;
	return "message" in frame ? frame.message : undefined;
}
