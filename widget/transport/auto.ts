/**
 * The transport of most visitors: a WebSocket, and the fallback chain once it has trouble.
 *
 * The session holds it as one transport. The chain is a chunk that is loaded at the first loss; it
 * takes over the running WebSocket and what happened to it. Where the chunk cannot be loaded, the
 * WebSocket continues alone, and each further loss is another attempt to load it.
 */
import type { ClientFrame, Send } from "../../protocol/frames.ts";
import { Backoff } from "./backoff.ts";
import type { TransportEvent } from "./fallback-state.ts";
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

export const autoTransport: TransportFactory = (options) =>
	new AutoTransport(options);

/** @param load For tests. */
export class AutoTransport implements Transport {
	readonly #options: TransportOptions;
	readonly #load: () => Promise<HttpTransports>;
	/** The WebSocket, or the chain that has it. */
	#current: Transport;
	/** Of the WebSocket. Its events come to this class at first, then to the chain. */
	readonly #ownOptions: TransportOptions;
	/** What happened to the WebSocket so far. The chain judges it; here it is only recorded. */
	#past: TransportEvent[] = [];
	#isLoading = false;
	readonly #stopped = new AbortController();
	#chain: InstanceType<HttpTransports["FallbackChain"]> | undefined;

	constructor(options: TransportOptions, load = loadHttp) {
		this.#options = options;
		this.#load = load;
		this.#ownOptions = { ...options, events: this.#recorder() };
		this.#current = websocketTransport(this.#ownOptions);
	}

	get name(): TransportName {
		return this.#current.name;
	}

	get fallbacks(): number {
		return this.#current.fallbacks ?? 0;
	}

	start() {
		const { clock } = this.#options;
		const remembered = new TransportMemory(this.#options).recall(clock.now());
		if (!remembered && typeof WebSocket !== "undefined")
			return this.#current.start();
		this.#loadChain();
	}

	send(frame: ClientFrame): boolean {
		return this.#current.send(frame);
	}

	redial(why: string) {
		if (why !== "silent") this.#forgive();
		this.#record({ type: "redial" });
		this.#current.redial(why);
	}

	stop() {
		this.#stopped.abort();
		this.#current.stop();
	}

	/** That HTTP works where the WebSocket does not speaks against the WebSocket. */
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
					// The chunk cannot be loaded: no plain request would pass either.
				},
			);
	}

	/** Records what the WebSocket does, and loads the chain at each loss. */
	#recorder(): TransportEvents {
		const { events, clock } = this.#options;
		return {
			...events,
			receive: (frame) => {
				// A second hello has a further `ready`, which says nothing new.
				if (frame.type === "ready" && this.#past.at(-1)?.type !== "ready")
					this.#record({ type: "ready", now: clock.now() });
				events.receive(frame);
			},
			dialing: (attempt) => {
				this.#record({ type: "dialing" });
				events.dialing(attempt);
			},
			failed: (fault) => this.#record({ type: "failed", fault }),
			waiting: (until) => {
				this.#record({ type: "lost", now: clock.now() });
				this.#loadChain();
				events.waiting(until);
			},
		};
	}

	#record(event: TransportEvent) {
		if (!this.#chain) this.#past.push(event);
	}

	/** The network was dead, or may be another one: failures so far do not count. */
	#forgive() {
		const ready = this.#past.find(({ type }) => type === "ready");
		this.#past = ready ? [ready, { type: "redial" }] : [];
	}

	#loadChain() {
		if (this.#isLoading) return;
		this.#isLoading = true;
		this.#load().then(
			(transports) => {
				if (!this.#stopped.signal.aborted) this.#handOver(transports);
			},
			() => {
				this.#isLoading = false;
				this.#forgive();
				// If the chain was to start, the WebSocket starts instead.
				if (!this.#stopped.signal.aborted) this.#current.start();
			},
		);
	}

	/** Gives the WebSocket to the chain as its first transport. */
	#handOver({ FallbackChain, streamTransport, pollTransport }: HttpTransports) {
		let own: Transport | undefined = this.#current;
		const chain = new FallbackChain(this.#options, {
			websocket: (options) => {
				if (!own) return websocketTransport(options);
				const transport = own;
				own = undefined;
				this.#ownOptions.events = options.events;
				return transport;
			},
			stream: streamTransport,
			poll: pollTransport,
		});
		this.#current = this.#chain = chain;
		chain.start(this.#past);
	}
}

/** One of the HTTP transports alone, for a page that asks for it by name. */
export const pinnedTransport =
	(name: "stream" | "poll"): TransportFactory =>
	(options) => {
		const { clock, events } = options;
		const backoff = new Backoff(clock);
		let transport: Transport | undefined;
		let timer: unknown;
		let isStopped = false;
		const load = () => {
			events.dialing(backoff.attempt);
			loadHttp().then(
				(transports) => {
					if (isStopped) return;
					transport = transports[`${name}Transport`](options);
					transport.start();
				},
				() => {
					if (isStopped) return;
					const ms = backoff.lost();
					timer = clock.setTimeout(load, ms);
					events.waiting(clock.now() + ms);
				},
			);
		};
		return {
			name,
			start: load,
			send: (frame) => transport?.send(frame) ?? false,
			redial: (why) => transport?.redial(why),
			stop() {
				isStopped = true;
				clock.clearTimeout(timer);
				transport?.stop();
			},
		};
	};
