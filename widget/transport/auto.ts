/**
 * The line for everybody: a WebSocket, and the ladder of transports transports once it has trouble.
 *
 * The session holds it as one line. The ladder takes over the WebSocket as it stands, with what
 * speaks against it so far: nothing is dialed twice. Where the ladder cannot be fetched the
 * WebSocket goes on alone, and every further trouble is another attempt.
 */
import type { ClientFrame, Send } from "../../protocol/frames.ts";
import { Backoff } from "./backoff.ts";
import { loadHttp } from "./load-http.ts";
import type {
	Transport,
	TransportEvents,
	TransportFactory,
	TransportName,
	TransportOptions,
} from "./transport.ts";
import { TransportMemory } from "./transport-memory.ts";
import { websocketTransport } from "./websocket.ts";

export type HttpTransports = Awaited<ReturnType<typeof loadHttp>>;

/** How a line has done before the ladder had it. */
export type Past = {
	failures: number;
	hasWorked: boolean;
	readyAt?: number | undefined;
	/** How long the line lived that was lost last. */
	livedMs?: number;
	fault?: "unsupported" | "swallowed" | undefined;
};

export const autoTransport: TransportFactory = (options) =>
	new AutoTransport(options);

/** @param load For tests. */
export class AutoTransport implements Transport {
	readonly #options: TransportOptions;
	readonly #load: () => Promise<HttpTransports>;
	/** The WebSocket, or the ladder that has it. */
	#current: Transport;
	/** Who listens to the WebSocket: we, then the ladder. */
	#events: TransportEvents;
	readonly #past: Past = { failures: 0, hasWorked: false };
	#isLoading = false;
	/** The session itself asks for the loss that comes. */
	#isRedialing = false;
	readonly #stopped = new AbortController();
	#chain: InstanceType<HttpTransports["FallbackChain"]> | undefined;

	constructor(options: TransportOptions, load = loadHttp) {
		this.#options = options;
		this.#load = load;
		const { events, clock } = options;
		const past = this.#past;
		this.#events = {
			...events,
			receive: (frame) => {
				if (frame.type === "ready") {
					past.readyAt ??= clock.now();
					past.hasWorked = true;
					past.failures = 0;
				}
				events.receive(frame);
			},
			failed: (why) => {
				past.fault = why;
			},
			waiting: (until) => {
				if (!this.#isRedialing) {
					if (past.readyAt === undefined) past.failures++;
					else past.livedMs = clock.now() - past.readyAt;
				}
				past.readyAt = undefined;
				this.#loadFallbacks();
				events.waiting(until);
			},
		};
		this.#current = websocketTransport({
			...options,
			events: {
				greet: () => this.#events.greet(),
				receive: (frame) => this.#events.receive(frame),
				dialing: (attempt) => this.#events.dialing(attempt),
				waiting: (until) => this.#events.waiting(until),
				failed: (why) => this.#events.failed?.(why),
				refused: (code, text) => this.#events.refused(code, text),
			},
		});
	}

	get name(): TransportName {
		return this.#current.name;
	}

	get fallbacks(): number {
		return this.#current.fallbacks ?? 0;
	}

	start() {
		const { clock } = this.#options;
		const known = new TransportMemory(this.#options).recall(clock.now());
		if (!known && typeof WebSocket !== "undefined")
			return this.#current.start();
		this.#loadFallbacks();
	}

	send(frame: ClientFrame): boolean {
		return this.#current.send(frame);
	}

	redial(why: string) {
		if (why !== "silent") this.#clearFailures();
		this.#isRedialing = true;
		this.#current.redial(why);
		this.#isRedialing = false;
	}

	stop() {
		this.#stopped.abort();
		this.#current.stop();
	}

	/** By HTTP. That it works where the WebSocket did not speaks against the WebSocket. */
	resendOverHttp(frames: readonly Send[]) {
		if (this.name !== "websocket") return;
		const { signal } = this.#stopped;
		this.#load()
			.then(({ resendOverHttp }) =>
				resendOverHttp(frames, this.#options, signal),
			)
			.then(
				(works) => works && this.#chain?.websocketIsUnresponsive(),
				() => {
					// The transports transports cannot be fetched: no plain request would come through either.
				},
			);
	}

	#loadFallbacks() {
		if (this.#isLoading) return;
		this.#isLoading = true;
		this.#load().then(
			(transports) => {
				if (!this.#stopped.signal.aborted) this.#handOver(transports);
			},
			() => {
				this.#isLoading = false;
				this.#clearFailures();
				// It was to begin on the ladder: begin as we can.
				if (!this.#stopped.signal.aborted) this.#current.start();
			},
		);
	}

	/** The network was dead or may be another one: what spoke against a transport counts no more. */
	#clearFailures() {
		this.#past.failures = 0;
		delete this.#past.fault;
	}

	/** Makes the WebSocket the ladder's first rung. */
	#handOver({ FallbackChain, streamTransport, pollTransport }: HttpTransports) {
		let own: Transport | undefined = this.#current;
		const chain = new FallbackChain(this.#options, {
			websocket: (options) => {
				if (!own) return websocketTransport(options);
				const line = own;
				own = undefined;
				this.#events = options.events;
				return line;
			},
			stream: streamTransport,
			poll: pollTransport,
		});
		this.#current = this.#chain = chain;
		chain.start(this.#past);
	}
}

/** One of the HTTP lines alone, for who has asked for it by name. */
export const pinnedTransport =
	(name: "stream" | "poll"): TransportFactory =>
	(options) => {
		const { clock, events } = options;
		const backoff = new Backoff(clock);
		let transport: Transport | undefined;
		let timer: unknown;
		let isOver = false;
		const fetch = () => {
			events.dialing(backoff.attempt);
			loadHttp().then(
				(transports) => {
					if (isOver) return;
					transport = transports[`${name}Transport`](options);
					transport.start();
				},
				() => {
					if (isOver) return;
					const ms = backoff.lost();
					timer = clock.setTimeout(fetch, ms);
					events.waiting(clock.now() + ms);
				},
			);
		};
		return {
			name,
			start: fetch,
			send: (frame) => transport?.send(frame) ?? false,
			redial: (why) => transport?.redial(why),
			stop() {
				isOver = true;
				clock.clearTimeout(timer);
				transport?.stop();
			},
		};
	};
