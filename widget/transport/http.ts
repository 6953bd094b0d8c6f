/**
 * A line over plain HTTP, for where WebSockets do not pass: reads the events door as an event stream
 * or page by page, and carries what goes up in POSTs, one at a time.
 *
 * `fallback.ts` and the session build it. An answer that is not in the door's own content type, a
 * captive portal's page for one, is no answer: the network is down. Knows no conversation.
 *
 * Over 300 lines, because dialing, reading and posting share one life and end together.
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
	/** From the request to a stream's `ready`, and from a POST's answer to its event: else something swallows. */
	handshakeMs: 5_000,
	/** From a POST to its answer. */
	postMs: 10_000,
	/** How long the server may hold a page back at most, in seconds. */
	waitSeconds: 20,
	/** From the request for a page to its end. */
	pageMs: 30_000,
	/** From one page's request to the next one's: spares the server while tokens flow. */
	pageGapMs: 250,
	/** A stream may be silent for a heartbeat and so long. */
	graceMs: 10_000,
	/** Frames that may wait for their POST. */
	queued: 32,
});

/** Reads by one endless answer. */
export const streamTransport: TransportFactory = (options) =>
	new HttpTransport("stream", options);

/** Reads page by page: slower, and nothing on the way can break it. */
export const pollTransport: TransportFactory = (options) =>
	new HttpTransport("poll", options);

class HttpTransport implements Transport {
	readonly name: "stream" | "poll";
	readonly #options: TransportOptions;
	readonly #backoff: Backoff;
	#life: "new" | "on" | "over" = "new";
	#timer: unknown;
	#dialAt: number | undefined;

	#reading: Task | undefined;
	#posting: Task | undefined;
	#expecting: Task | undefined;
	#queue: ClientFrame[] = [];
	/** The session has had the `ready` of this reading. */
	#ready = false;
	#conversation: string | undefined;
	#epoch: string | undefined;
	#after = 0;
	/** Chunks or pages read so far. */
	#heard = 0;
	/** How long pages are held back on this network: half when one is cut, slowly more again. */
	#waitSeconds: number = defaults.waitSeconds;

	constructor(name: "stream" | "poll", options: TransportOptions) {
		this.name = name;
		this.#options = options;
		this.#backoff = new Backoff(options.clock);
	}

	start() {
		if (this.#life !== "new") return;
		this.#life = "on";
		this.#dial();
	}

	stop() {
		this.#life = "over";
		this.#drop();
	}

	redial() {
		const { clock } = this.#options;
		const soon = clock.now() + backoffDefaults.redialMs;
		if (this.#life !== "on" || (this.#dialAt ?? soon + 1) <= soon) return;
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
		if (this.#life === "on") this.#read(this.#options.events.greet());
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
		if (this.#life !== "on") return;
		this.#dialIn(this.#backoff.lost(refusal?.retryAfter ?? fault.retryAfterMs));
	}

	/** Runs one strand of work; what it throws brings the line down, unless it was called off. */
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

	/** Reads on from where `hello` says, in place of what is being read. */
	#read(hello: Hello) {
		this.#reading?.end();
		this.#conversation = hello.conversation;
		this.#epoch = hello.epoch;
		this.#after = hello.after ?? 0;
		let told = false;
		const take = (frame: ServerFrame | undefined) => {
			if (!frame) return;
			if (isRefusal(frame)) throw refused(frame);
			if (frame.type === "ready") told = this.#meet(frame, told);
			else if (told) this.#hand(frame);
			else
				throw new TransportError(
					"Expected the events door to begin with ready.",
				);
		};
		this.#reading = this.#run(async (task) => {
			if (!hello.conversation || !this.#options.token()) {
				// The body of a request may be logged: the token goes in its header only.
				const answer = await this.#ask(task, { ...hello, token: undefined });
				if (task.ended) return;
				if (answer?.type !== "ready")
					throw new TransportError("Expected ready as the answer to hello.");
				take(answer);
			}
			if (this.name === "stream") await this.#readStream(task, take);
			else await this.#readPages(task, take, () => told);
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
		const response = await this.#fetch(task, this.#door(), eventStream);
		const body = response.body?.getReader();
		const text = new TextDecoder();
		const events = new EventStreamReader();
		for (;;) {
			const chunk = await body?.read();
			if (task.ended) return;
			if (!chunk || chunk.done)
				throw new TransportError("The stream has ended.");
			this.#heard++;
			for (const { data } of events.read(
				text.decode(chunk.value, { stream: true }),
			)) {
				const frame = decodeServerFrame(data);
				if (frame?.type === "ready")
					patienceMs = frame.heartbeat + defaults.graceMs;
				take(frame);
				if (task.ended) return;
			}
			// Before `ready` the time runs on: a proxy may let a first crumb through.
			if (patienceMs !== defaults.handshakeMs) isLate();
		}
	}

	async #readPages(
		task: Task,
		take: (frame?: ServerFrame) => void,
		isTold: () => boolean,
	) {
		const { clock } = this.#options;
		while (!task.ended) {
			const askedAt = clock.now();
			task.within(defaults.pageMs);
			const wait = isTold() ? this.#waitSeconds : 0;
			const heldSeconds = () => (clock.now() - askedAt) / 1_000;
			const { ready, events } = await this.#page(task, wait).catch((error) => {
				// Some proxies cut whatever waits; without this each cut would count as a failure.
				if (!task.ended && heldSeconds() < wait)
					this.#waitSeconds = Math.max(1, Math.floor(heldSeconds() / 2));
				throw error;
			});
			if (task.ended) return;
			this.#heard++;
			if (events.length === 0 && wait > 0)
				this.#waitSeconds = Math.min(wait + 1, defaults.waitSeconds);
			// A page without events says what a ping says.
			const pulse: ServerFrame = { type: "ping", head: ready.head };
			for (const frame of [ready, ...(events.length ? events : [pulse])]) {
				take(frame);
				if (task.ended) return;
			}
			await task.pause(defaults.pageGapMs - (clock.now() - askedAt));
		}
	}

	/** Hands `ready` over if the session has had none for this reading, or the log is another one. */
	#meet(ready: Ready, told: boolean): true {
		const isOther =
			ready.head < this.#after || ready.epoch !== (this.#epoch ?? ready.epoch);
		if (isOther) this.#after = 0;
		this.#conversation = ready.conversation;
		this.#epoch = ready.epoch;
		if (told && !isOther) return true;
		this.#ready = true;
		this.#backoff.ready();
		this.#options.events.receive(ready);
		return true;
	}

	#hand(frame: ServerFrame) {
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
	 * An event that comes back is only noted: it may be ahead of the cursor, and the reading brings
	 * it. A refusal that concerns the frame alone is handed over; any other is the line's.
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
			if (task.ended || !refusal || isOfLine(refusal)) throw error;
			const id = refusal.id ?? idOf(frame);
			this.#options.events.receive({
				type: "control",
				action: "error",
				data: { ...refusal, ...(id && { id }) },
			});
		}
	}

	/** A stream's ping. A pong by another way would say nothing of the stream; the head does. */
	async #compare(task: Task) {
		task.within(defaults.postMs);
		const { ready } = await this.#page(task, 0);
		if (task.ended) return;
		this.#expect(ready.head);
		this.#options.events.receive({ type: "pong" });
	}

	/** A reading on which nothing at all comes, though the log has grown, is swallowed on the way. */
	#expect(sequence: number) {
		if (this.#expecting && !this.#expecting.ended) return;
		const heard = this.#heard;
		this.#expecting = this.#run(async (task) => {
			await task.pause(defaults.handshakeMs);
			if (this.#heard === heard && this.#after < sequence)
				throw new TransportError("What was sent did not come back.", {
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
		const response = await this.#fetch(task, this.#door(wait), json);
		return decodePage(await response.text());
	}

	#door(wait?: number): string {
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

/** A proxy's own limit is as final for a frame as the server's. */
function refusalIn({ refusal, status }: Fault): ErrorFrame["data"] | undefined {
	if (status !== statusOf.too_large) return refusal;
	return { code: "too_large", text: "Your message is too long." };
}

/** Without an id a refusal is the line's where the line itself must do something about it. */
function isOfLine({ id, code }: { id?: string | undefined; code: ErrorCode }) {
	if (id !== undefined) return false;
	return code === "unauthorized" || isWorthRetrying(statusOf[code]);
}

function idOf(frame: ClientFrame): string | undefined {
	if (frame.type === "send") return frame.id;
	return "message" in frame ? frame.message : undefined;
}
