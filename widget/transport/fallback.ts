/**
 * A transport that uses the best one that works: WebSocket, else an HTTP stream, else long polling.
 *
 * The session holds it as one transport. It steps down only while the server is reachable, so that a
 * dead network does not count against a transport, and probes better ones in the background. It knows
 * no socket, and of the frames only `ready` and `pong`.
 */
import type { ClientFrame, Hello, ServerFrame } from "../../protocol/frames.ts";
import {
	below,
	initialState,
	next,
	type TransportEvent,
	type TransportState,
} from "./fallback-state.ts";
import { fetchEndpoint, json, Task } from "./request.ts";
import type {
	Transport,
	TransportEvents,
	TransportFactory,
	TransportName,
	TransportOptions,
} from "./transport.ts";
import { TransportMemory } from "./transport-memory.ts";

const defaults = Object.freeze({
	/** For the answer of the health endpoint, and for the answer to a second hello. */
	healthMs: 5_000,
	/** For a probe to show that it works: a stream needs a heartbeat, of which 30 s is the longest. */
	probeMs: { websocket: 12_000, stream: 40_000, poll: 0 },
	/** From one probe to the next; the last wait repeats. */
	probeAfterMs: [30_000, 60_000, 120_000, 300_000],
	longestProbeAfterMs: 600_000,
});

type Factories = Record<TransportName, TransportFactory>;

/** A transport in use, or a probe. */
type Candidate = {
	readonly name: TransportName;
	readonly transport: Transport;
	state: TransportState;
	/** The last hello that it sent. */
	hello?: Hello;
};

export class FallbackChain implements Transport {
	readonly #options: TransportOptions;
	readonly #factories: Factories;
	readonly #memory: TransportMemory;
	#current: Candidate | undefined;
	/** A better transport that is tried beside the current one. */
	#probe: Candidate | undefined;
	/** How many probes there were since the network changed. */
	#probes = 0;
	#nextProbeTimer: unknown;
	/** The deadline of the probe, or of the answer to the second hello. */
	#probeTimer: unknown;
	#health: Task | undefined;
	#isStopped = false;
	#websocketWorked = false;
	fallbacks = 0;

	constructor(options: TransportOptions, factories: Factories) {
		this.#options = options;
		this.#factories = factories;
		this.#memory = new TransportMemory(options);
	}

	get name(): TransportName {
		return this.#current?.name ?? "websocket";
	}

	/** @param past What a WebSocket did that runs already: the chain takes it over. */
	start(past: readonly TransportEvent[] = []) {
		if (this.#current || this.#isStopped) return;
		const remembered = this.#memory.recall(this.#options.clock.now());
		const first = remembered ?? (hasWebSocket() ? "websocket" : "stream");
		const current = this.#use(first);
		if (first !== "websocket") return;
		this.#websocketWorked = past.some(({ type }) => type === "ready");
		for (const event of past) this.#dispatch(current, event);
	}

	send(frame: ClientFrame): boolean {
		const current = this.#current;
		if (!current || current.state.name === "syncing") return false;
		return current.transport.send(frame);
	}

	redial(why: string) {
		const current = this.#current;
		if (!current || this.#isStopped) return;
		const isChange = why !== "silent";
		this.#dispatch(current, { type: isChange ? "networkChanged" : "redial" });
		if (isChange) {
			this.#probes = 0;
			if (current.name !== "websocket" && !this.#probe) this.#probeBest();
		}
		current.transport.redial(why);
	}

	/** A plain request carried what the WebSocket did not. */
	websocketIsUnresponsive() {
		if (this.#current?.name !== "websocket") return;
		const now = this.#options.clock.now();
		this.#dispatch(this.#current, { type: "unresponsive", now });
	}

	stop() {
		this.#isStopped = true;
		this.#options.clock.clearTimeout(this.#nextProbeTimer);
		this.#options.clock.clearTimeout(this.#probeTimer);
		this.#health?.end();
		this.#retire(this.#current);
		this.#retire(this.#probe);
		this.#probe = undefined;
	}

	/* ------------------------------------------------------------ states of a transport */

	#dispatch(candidate: Candidate, event: TransportEvent) {
		const { state, effect } = next(candidate.state, event);
		candidate.state = state;
		switch (effect) {
			case undefined:
				return;
			case "dismiss":
				return this.#dismiss(candidate);
			case "check":
				return void this.#check(candidate);
			case "stepDown":
				return this.#stepDown(candidate);
			default: {
				const never: never = effect;
				return never;
			}
		}
	}

	#use(name: TransportName): Candidate {
		this.#retire(this.#current);
		const current = this.#build(name, "connecting");
		this.#current = current;
		if (name !== "websocket" && this.#nextProbeTimer === undefined)
			this.#probeLater();
		current.transport.start();
		return current;
	}

	#retire(candidate: Candidate | undefined) {
		if (!candidate) return;
		candidate.transport.stop();
		this.#dispatch(candidate, { type: "stop" });
	}

	#build(name: TransportName, as: "connecting" | "probing"): Candidate {
		const { clock, events } = this.#options;
		const isInUse = () => this.#current === candidate && !this.#isStopped;
		const listener: TransportEvents = {
			greet: () => {
				candidate.hello = events.greet();
				return candidate.hello;
			},
			receive: (frame) => this.#receive(candidate, frame),
			dialing: (attempt) => {
				this.#dispatch(candidate, { type: "dialing" });
				if (isInUse()) events.dialing(attempt);
			},
			failed: (fault) => this.#dispatch(candidate, { type: "failed", fault }),
			waiting: (until) => {
				const wasInUse = isInUse();
				this.#dispatch(candidate, { type: "lost", now: clock.now() });
				if (wasInUse) events.waiting(until);
			},
			refused: (code, text) => {
				if (!isInUse()) return this.#dismiss(candidate);
				this.stop();
				events.refused(code, text);
			},
		};
		const candidate: Candidate = {
			name,
			transport: this.#factories[name]({ ...this.#options, events: listener }),
			state: initialState(name, as),
		};
		return candidate;
	}

	#receive(candidate: Candidate, frame: ServerFrame) {
		if (this.#probe === candidate) return this.#testProbe(candidate, frame);
		if (frame.type === "ready") this.#ready(candidate);
		if (this.#current === candidate && candidate.state.name !== "syncing")
			this.#options.events.receive(frame);
	}

	#ready(candidate: Candidate) {
		const now = this.#options.clock.now();
		this.#dispatch(candidate, { type: "ready", now });
		if (candidate.name === "websocket") this.#websocketWorked = true;
		if (this.#websocketWorked) this.#memory.forget();
		else this.#memory.remember(candidate.name, now);
	}

	/* ------------------------------------------------------------ down */

	async #check(candidate: Candidate) {
		const isHealthy = await this.#isHealthy();
		this.#dispatch(candidate, { type: isHealthy ? "healthy" : "unhealthy" });
	}

	/** Whether the server itself, and no captive portal, answers a plain request. */
	async #isHealthy(): Promise<boolean> {
		const { url, clock } = this.#options;
		const task = new Task(clock);
		this.#health = task;
		task.within(defaults.healthMs);
		try {
			const response = await fetchEndpoint(`${url}/health`, task, clock, {
				type: json,
			});
			return (await response.json()).status === "ok";
		} catch {
			return false;
		} finally {
			task.end();
		}
	}

	#stepDown({ name }: Candidate) {
		const lower = below[name];
		if (!lower || this.#isStopped) return;
		this.fallbacks++;
		this.#use(lower);
	}

	/* ------------------------------------------------------------ up */

	#probeLater() {
		const { clock } = this.#options;
		const { probeAfterMs, longestProbeAfterMs } = defaults;
		clock.clearTimeout(this.#nextProbeTimer);
		this.#nextProbeTimer = clock.setTimeout(() => {
			this.#probes++;
			this.#probeBest();
		}, probeAfterMs[this.#probes] ?? longestProbeAfterMs);
	}

	#probeBest() {
		this.#probeLater();
		this.#try(hasWebSocket() ? "websocket" : "stream");
	}

	#try(name: TransportName) {
		if (name === this.#current?.name) return;
		this.#retire(this.#probe);
		const probe = this.#build(name, "probing");
		this.#probe = probe;
		const { clock } = this.#options;
		clock.clearTimeout(this.#probeTimer);
		this.#probeTimer = clock.setTimeout(
			() => this.#dismiss(probe),
			defaults.probeMs[name],
		);
		probe.transport.start();
	}

	/** From polling, a stream is tried where the WebSocket does not work. */
	#dismiss(candidate: Candidate) {
		this.#retire(candidate);
		if (this.#probe !== candidate || this.#isStopped) return;
		this.#options.clock.clearTimeout(this.#probeTimer);
		this.#probe = undefined;
		if (candidate.name === "websocket" && this.#current?.name === "poll")
			this.#try("stream");
	}

	/**
	 * `ready` proves nothing: some proxies let it through and hold back the rest. A WebSocket must
	 * answer a ping, a stream must bring a further frame.
	 */
	#testProbe(probe: Candidate, { type }: ServerFrame) {
		const isSocket = probe.name === "websocket";
		if (type === "ready") {
			if (isSocket) probe.transport.send({ type: "ping" });
		} else if (!isSocket || type === "pong") this.#stepUp(probe);
	}

	/**
	 * The probe takes over. It sends hello again, from the present cursor: what it brought so far
	 * overlaps with what the session has read meanwhile.
	 */
	#stepUp(probe: Candidate) {
		const { clock, events } = this.#options;
		const hello = events.greet();
		if (hello.conversation !== probe.hello?.conversation)
			return this.#dismiss(probe);
		clock.clearTimeout(this.#nextProbeTimer);
		clock.clearTimeout(this.#probeTimer);
		this.#nextProbeTimer = this.#probe = undefined;
		this.#retire(this.#current);
		this.#current = probe;
		// To the session this is a new connection: what the old one was to carry may be lost.
		events.dialing(1);
		if (this.#isStopped) return;
		if (probe.name !== "websocket") this.#probeLater();
		this.#dispatch(probe, { type: "stepUp" });
		probe.transport.send(hello);
		this.#probeTimer = clock.setTimeout(() => {
			if (this.#current === probe && probe.state.name === "syncing")
				this.redial("silent");
		}, defaults.healthMs);
	}
}

const hasWebSocket = () => typeof WebSocket !== "undefined";
