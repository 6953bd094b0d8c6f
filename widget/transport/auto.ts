/**
 * The line for everybody: a WebSocket, and the ladder of lesser transports once it has trouble.
 *
 * The session holds it as one line. The ladder takes over the WebSocket as it stands, with what
 * speaks against it so far: nothing is dialed twice. Where the ladder cannot be fetched the
 * WebSocket goes on alone, and every further trouble is another attempt.
 */
import type { Send, UpFrame } from "../../protocol/frames.ts";
import { Backoff } from "./backoff.ts";
import { loadLesser } from "./load-lesser.ts";
import type {
	Line,
	LineEvents,
	LineFactory,
	LineOptions,
	TransportName,
} from "./transport.ts";
import { Memo } from "./transport-memory.ts";
import { websocketLine } from "./websocket.ts";

export type Lesser = Awaited<ReturnType<typeof loadLesser>>;

/** How a line has done before the ladder had it. */
export type Past = {
	failures: number;
	hasWorked: boolean;
	readyAt?: number | undefined;
	/** How long the line lived that was lost last. */
	livedMs?: number;
	fault?: "unsupported" | "swallowed" | undefined;
};

export const autoLine: LineFactory = (options) => new AutoLine(options);

/** @param load For tests. */
export class AutoLine implements Line {
	readonly #options: LineOptions;
	readonly #load: () => Promise<Lesser>;
	/** The WebSocket, or the ladder that has it. */
	#line: Line;
	/** Who listens to the WebSocket: we, then the ladder. */
	#listener: LineEvents;
	readonly #past: Past = { failures: 0, hasWorked: false };
	#isLoading = false;
	/** The session itself asks for the loss that comes. */
	#isRedialing = false;
	readonly #over = new AbortController();
	#ladder: InstanceType<Lesser["Ladder"]> | undefined;

	constructor(options: LineOptions, load = loadLesser) {
		this.#options = options;
		this.#load = load;
		const { events, clock } = options;
		const past = this.#past;
		this.#listener = {
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
				this.#fetch();
				events.waiting(until);
			},
		};
		this.#line = websocketLine({
			...options,
			events: {
				greet: () => this.#listener.greet(),
				receive: (frame) => this.#listener.receive(frame),
				dialing: (attempt) => this.#listener.dialing(attempt),
				waiting: (until) => this.#listener.waiting(until),
				failed: (why) => this.#listener.failed?.(why),
				refused: (code, text) => this.#listener.refused(code, text),
			},
		});
	}

	get name(): TransportName {
		return this.#line.name;
	}

	get fallbacks(): number {
		return this.#line.fallbacks ?? 0;
	}

	start() {
		const { clock } = this.#options;
		const known = new Memo(this.#options).recall(clock.now());
		if (!known && typeof WebSocket !== "undefined") return this.#line.start();
		this.#fetch();
	}

	send(frame: UpFrame): boolean {
		return this.#line.send(frame);
	}

	redial(why: string) {
		if (why !== "silent") this.#acquit();
		this.#isRedialing = true;
		this.#line.redial(why);
		this.#isRedialing = false;
	}

	stop() {
		this.#over.abort();
		this.#line.stop();
	}

	/** By HTTP. That it works where the WebSocket did not speaks against the WebSocket. */
	detour(frames: readonly Send[]) {
		if (this.name !== "websocket") return;
		const { signal } = this.#over;
		this.#load()
			.then(({ detour }) => detour(frames, this.#options, signal))
			.then(
				(works) => works && this.#ladder?.deaf(),
				() => {
					// The lesser transports cannot be fetched: no plain request would come through either.
				},
			);
	}

	#fetch() {
		if (this.#isLoading) return;
		this.#isLoading = true;
		this.#load().then(
			(lesser) => {
				if (!this.#over.signal.aborted) this.#hand(lesser);
			},
			() => {
				this.#isLoading = false;
				this.#acquit();
				// It was to begin on the ladder: begin as we can.
				if (!this.#over.signal.aborted) this.#line.start();
			},
		);
	}

	/** The network was dead or may be another one: what spoke against a transport counts no more. */
	#acquit() {
		this.#past.failures = 0;
		delete this.#past.fault;
	}

	/** Makes the WebSocket the ladder's first rung. */
	#hand({ Ladder, streamLine, pollLine }: Lesser) {
		let own: Line | undefined = this.#line;
		const ladder = new Ladder(this.#options, {
			websocket: (options) => {
				if (!own) return websocketLine(options);
				const line = own;
				own = undefined;
				this.#listener = options.events;
				return line;
			},
			stream: streamLine,
			poll: pollLine,
		});
		this.#line = this.#ladder = ladder;
		ladder.start(this.#past);
	}
}

/** One of the HTTP lines alone, for who has asked for it by name. */
export const pinnedLine =
	(name: "stream" | "poll"): LineFactory =>
	(options) => {
		const { clock, events } = options;
		const backoff = new Backoff(clock);
		let line: Line | undefined;
		let timer: unknown;
		let isOver = false;
		const fetch = () => {
			events.dialing(backoff.attempt);
			loadLesser().then(
				(lesser) => {
					if (isOver) return;
					line = lesser[`${name}Line`](options);
					line.start();
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
			send: (frame) => line?.send(frame) ?? false,
			redial: (why) => line?.redial(why),
			stop() {
				isOver = true;
				clock.clearTimeout(timer);
				line?.stop();
			},
		};
	};
