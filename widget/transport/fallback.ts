/**
 * A line that takes the best transport that works: WebSocket, else an HTTP stream, else plain HTTP.
 *
 * The session holds it as one line. It steps down only while the server is within reach, so that a
 * dead network is never taken for a blocked transport, and looks upwards in the background. The
 * cursor is the session's: whichever line reads, it reads on. Knows no socket and no frame but
 * `ready`. Over 300 lines, because the ways down and up judge the same stay.
 */
import type { ClientFrame, Hello, ServerFrame } from "../../protocol/frames.ts";
import type { Past } from "./auto.ts";
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
	/** Attempts that may fail in a row on a transport that has never worked here. */
	failures: 2,
	/** The same on one that has: it takes more to believe that the network was changed under it. */
	lateFailures: 4,
	/** So many lines that died young within `youngSpanMs` are a proxy that cuts. */
	youngDeaths: 3,
	youngSpanMs: 120_000,
	/** A line that lived shorter has died young. */
	youngMs: { websocket: 10_000, stream: 5_000, poll: 0 },
	/** The server's sign of life, and its answer to a hello that is said again, must come so soon. */
	healthMs: 5_000,
	/** A probe must prove itself so soon: a stream within a heartbeat, of which 30 s is the longest. */
	probeMs: { websocket: 12_000, stream: 40_000, poll: 0 },
	/** From one look upwards to the next; the last one repeats. */
	lookMs: [30_000, 60_000, 120_000, 300_000, 600_000],
});

const below = { websocket: "stream", stream: "poll", poll: undefined } as const;

type Factories = Record<TransportName, TransportFactory>;

/** One line on one rung, and what speaks against it. */
type Stay = {
	readonly name: TransportName;
	readonly line: Transport;
	/** The hello that was last said on it. */
	hello?: Hello;
	/** The next `ready` is the answer to a second hello; what comes before it is not wanted. */
	syncing: boolean;
	readyAt?: number | undefined;
	hasWorked: boolean;
	/** The session itself asked for the loss that comes. */
	redialing: boolean;
	fault?: "unsupported" | "swallowed" | undefined;
	failures: number;
	youngDeathsAt: number[];
	checking?: boolean;
};

/** The ladder over any three lines. */
export class FallbackChain implements Transport {
	readonly #options: TransportOptions;
	readonly #factories: Factories;
	readonly #memo: TransportMemory;
	#stay: Stay | undefined;
	/** A better transport that is tried while another one carries. */
	#probe: Stay | undefined;
	#looks = 0;
	#lookTimer: unknown;
	#probeTimer: unknown;
	#health: Task | undefined;
	#isOver = false;
	#websocketWorked = false;
	fallbacks = 0;

	constructor(options: TransportOptions, factories: Factories) {
		this.#options = options;
		this.#factories = factories;
		this.#memo = new TransportMemory(options);
	}

	get name(): TransportName {
		return this.#stay?.name ?? "websocket";
	}

	/** @param past What is known of a WebSocket that runs already, and is the first rung. */
	start(past?: Past) {
		if (this.#stay || this.#isOver) return;
		const known = this.#memo.recall(this.#options.clock.now());
		const first = known ?? (canTry() ? "websocket" : "stream");
		const stay = this.#use(first);
		if (!past || first !== "websocket") return;
		this.#websocketWorked = past.hasWorked;
		const { fault, livedMs = Number.POSITIVE_INFINITY, ...rest } = past;
		Object.assign(stay, rest);
		if (livedMs < defaults.youngMs.websocket)
			stay.youngDeathsAt.push(this.#options.clock.now());
		if (past.readyAt === undefined) this.#weigh(stay, fault);
	}

	send(frame: ClientFrame): boolean {
		const stay = this.#stay;
		return stay !== undefined && !stay.syncing && stay.line.send(frame);
	}

	redial(why: string) {
		const stay = this.#stay;
		if (!stay || this.#isOver) return;
		stay.redialing = true;
		if (why !== "silent") {
			// The network may be another one: what spoke against a transport counts no more.
			stay.hasWorked = false;
			stay.failures = this.#looks = 0;
			stay.youngDeathsAt = [];
			if (stay.name !== "websocket" && !this.#probe) this.#look();
		}
		stay.line.redial(why);
	}

	/**
	 * A plain request has carried what the WebSocket did not. Once, that is a line that broke without a
	 * word; again and again it is something on the way that lets a hello through and little more.
	 */
	websocketIsUnresponsive() {
		const stay = this.#stay;
		if (stay?.name !== "websocket" || this.#isOver) return;
		stay.youngDeathsAt.push(this.#options.clock.now());
		if (this.#dieYoung(stay)) this.#useNext(below.websocket);
	}

	stop() {
		this.#isOver = true;
		this.#options.clock.clearTimeout(this.#lookTimer);
		this.#options.clock.clearTimeout(this.#probeTimer);
		this.#health?.end();
		this.#stay?.line.stop();
		this.#probe?.line.stop();
		this.#probe = undefined;
	}

	/* ------------------------------------------------------------ one rung */

	#use(name: TransportName): Stay {
		this.#stay?.line.stop();
		const stay = this.#build(name);
		this.#stay = stay;
		if (name !== "websocket" && this.#lookTimer === undefined)
			this.#lookLater();
		stay.line.start();
		return stay;
	}

	#build(name: TransportName): Stay {
		const { events } = this.#options;
		const isCurrent = () => this.#stay === stay && !this.#isOver;
		const listener: TransportEvents = {
			greet: () => {
				stay.hello = events.greet();
				return stay.hello;
			},
			receive: (frame) => this.#receive(stay, frame),
			dialing: (attempt) => {
				stay.redialing = false;
				if (isCurrent()) events.dialing(attempt);
			},
			failed: (why) => {
				stay.fault = why;
			},
			waiting: (until) => {
				if (!isCurrent()) return this.#dismiss(stay);
				this.#judge(stay);
				events.waiting(until);
			},
			refused: (code, text) => {
				if (!isCurrent()) return this.#dismiss(stay);
				this.stop();
				events.refused(code, text);
			},
		};
		const stay: Stay = {
			name,
			line: this.#factories[name]({ ...this.#options, events: listener }),
			syncing: false,
			hasWorked: false,
			redialing: false,
			failures: 0,
			youngDeathsAt: [],
		};
		return stay;
	}

	#receive(stay: Stay, frame: ServerFrame) {
		if (this.#probe === stay) return this.#prove(stay, frame);
		if (frame.type === "ready") {
			stay.syncing = false;
			this.#worked(stay);
		}
		if (this.#stay === stay && !stay.syncing)
			this.#options.events.receive(frame);
	}

	#worked(stay: Stay) {
		const now = this.#options.clock.now();
		stay.readyAt ??= now;
		stay.hasWorked = true;
		stay.failures = 0;
		if (stay.name === "websocket") this.#websocketWorked = true;
		if (this.#websocketWorked) this.#memo.forget();
		else this.#memo.remember(stay.name, now);
	}

	/* ------------------------------------------------------------ down */

	/** Weighs the loss of a line or of an attempt. */
	#judge(stay: Stay) {
		const now = this.#options.clock.now();
		const { fault, readyAt } = stay;
		stay.fault = stay.readyAt = undefined;
		if (stay.redialing) return;
		if (readyAt === undefined) stay.failures++;
		else if (now - readyAt < defaults.youngMs[stay.name])
			stay.youngDeathsAt.push(now);
		this.#weigh(stay, fault);
	}

	/** Whether too many lines of late did not last. */
	#dieYoung(stay: Stay): boolean {
		const since = this.#options.clock.now() - defaults.youngSpanMs;
		stay.youngDeathsAt = stay.youngDeathsAt.filter((at) => at >= since);
		return stay.youngDeathsAt.length >= defaults.youngDeaths;
	}

	/** Steps down if enough speaks against a transport. */
	#weigh(stay: Stay, fault: Stay["fault"]) {
		const most = stay.hasWorked ? defaults.lateFailures : defaults.failures;
		if (fault || stay.failures >= most || this.#dieYoung(stay))
			void this.#stepDown(stay);
	}

	async #stepDown(stay: Stay) {
		const next = below[stay.name];
		if (!next || stay.checking) return;
		stay.checking = true;
		const isHealthy = await this.#isHealthy();
		stay.checking = false;
		if (this.#isOver || this.#stay !== stay || stay.readyAt !== undefined)
			return;
		if (isHealthy) return this.#useNext(next);
		// A dead network speaks against no transport.
		stay.failures = 0;
		stay.youngDeathsAt = [];
	}

	#useNext(next: TransportName) {
		this.fallbacks++;
		this.#use(next);
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

	/* ------------------------------------------------------------ up */

	#lookLater() {
		const { clock } = this.#options;
		clock.clearTimeout(this.#lookTimer);
		const ms = defaults.lookMs[this.#looks] ?? defaults.lookMs.at(-1);
		this.#lookTimer = clock.setTimeout(() => {
			this.#looks++;
			this.#look();
		}, ms as number);
	}

	#look() {
		this.#lookLater();
		this.#try(canTry() ? "websocket" : "stream");
	}

	/** Dials a better transport beside the line that carries. */
	#try(name: TransportName) {
		if (name === this.#stay?.name) return;
		this.#probe?.line.stop();
		const probe = this.#build(name);
		this.#probe = probe;
		const { clock } = this.#options;
		clock.clearTimeout(this.#probeTimer);
		this.#probeTimer = clock.setTimeout(
			() => this.#dismiss(probe),
			defaults.probeMs[name],
		);
		probe.line.start();
	}

	/** The best comes first; the better one gets its turn where that fails. */
	#dismiss(stay: Stay) {
		stay.line.stop();
		if (this.#probe !== stay || this.#isOver) return;
		this.#options.clock.clearTimeout(this.#probeTimer);
		this.#probe = undefined;
		if (stay.name === "websocket" && this.#stay?.name === "poll")
			this.#try("stream");
	}

	/**
	 * Takes a frame of the probe. `ready` proves nothing yet: there are proxies that let it through and
	 * keep back the rest. A WebSocket must answer a ping, a stream bring something of its own accord.
	 */
	#prove(probe: Stay, { type }: ServerFrame) {
		const isSocket = probe.name === "websocket";
		if (type === "ready") {
			if (isSocket) probe.line.send({ type: "ping" });
		} else if (!isSocket || type === "pong") this.#climb(probe);
	}

	/**
	 * Goes over to the probe, which says hello again, from the cursor of now: what it has brought
	 * would overlap with what the session has read meanwhile.
	 */
	#climb(probe: Stay) {
		const { clock, events } = this.#options;
		const hello = events.greet();
		if (hello.conversation !== probe.hello?.conversation)
			return this.#dismiss(probe);
		clock.clearTimeout(this.#lookTimer);
		clock.clearTimeout(this.#probeTimer);
		this.#lookTimer = this.#probe = undefined;
		this.#stay?.line.stop();
		this.#stay = probe;
		// To the session it is a new line: what the old one was given to carry may be lost.
		events.dialing(1);
		if (this.#isOver) return;
		if (probe.name !== "websocket") this.#lookLater();
		probe.syncing = probe.line.send(hello);
		this.#probeTimer = clock.setTimeout(() => {
			if (this.#stay === probe && probe.syncing) this.redial("silent");
		}, defaults.healthMs);
	}
}

const canTry = () => typeof WebSocket !== "undefined";
