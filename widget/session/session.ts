/**
 * The widget's side of one conversation: says hello, passes on what comes and goes, keeps the line.
 *
 * The element and the headless client own one each. What it has read is in reading.ts, what waits to
 * be sent in outbox.ts, who the visitor is in identity.ts, and silence.ts tells a dead line from a
 * quiet one; here they meet, and that is why this file is long. It never touches the document, custom
 * elements or lit.
 */

import type { Clock } from "../../protocol/clock.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import {
	type Event,
	type FeedbackValue,
	isEvent,
	type Ready,
	type ServerFrame,
} from "../../protocol/frames.ts";
import { Backoff } from "../transport/backoff.ts";
import { selectTransport } from "../transport/select.ts";
import type { Transport } from "../transport/transport.ts";
import { machineClock } from "./clock.ts";
import { PendingCommands } from "./commands.ts";
import { Credentials } from "./credentials.ts";
import { report, traced } from "./debug.ts";
import { Emitter } from "./emitter.ts";
import { Heartbeat, since } from "./heartbeat.ts";
import { JsonStorage, type SessionStorage } from "./json-storage.ts";
import { LogReader } from "./log-reader.ts";
import { Outbox, type Pending } from "./outbox.ts";
import { doWhatIsDue, type Parts } from "./schedule.ts";
import type {
	Change,
	ChatSession,
	Connection,
	Diagnostics,
	SessionOptions,
} from "./types.ts";

export type * from "./types.ts";
export type { Pending, SessionStorage };

/** For the pong of a line that must prove itself after a wake-up. */
const wakePingMs = 2_000;
/** A line that lived this long makes good for what was forgiven before. */
const stableMs = 10_000;
/** An attempt this near is not hurried. */
const soonMs = 300;

/** Begins idle; `start()` dials. */
export const createSession = (options: SessionOptions): ChatSession =>
	new Session(options);

class Session implements ChatSession {
	connection: Connection = { state: "idle" };
	limit: number | undefined;
	readonly #options: SessionOptions;
	readonly #url: string;
	readonly #clock: Clock;
	readonly #credentials: Credentials;
	readonly #outbox: Outbox;
	readonly #reader = new LogReader();
	readonly #heartbeat = new Heartbeat();
	readonly #commands = new PendingCommands();
	readonly #parts: Parts;
	readonly #emitter = new Emitter<Change>();
	#transport: Transport | undefined;
	#readyAt: number | undefined;
	#isStarted = false;
	#isAsleep = false;
	#isOffline = false;
	/** Counts beginnings and ends: a credential that comes too late belongs to an older one. */
	#run = 0;
	#wantsToken = true;
	/** How often the page was asked in vain for a credential. */
	#asking: Backoff;
	#timer: unknown;

	constructor(options: SessionOptions) {
		this.#options = options;
		this.#url = options.url.replace(/\/+$/, "");
		this.#clock = options.clock ?? machineClock;
		this.#asking = new Backoff(this.#clock);
		const kept = new JsonStorage(options.storage, `chat-stream ${this.#url} `);
		this.#credentials = new Credentials(kept);
		const { conversation } = this.#credentials;
		this.#outbox = new Outbox(kept, conversation, this.#clock.now());
		this.#parts = {
			...{ outbox: this.#outbox, reading: this.#reader },
			...{ silence: this.#heartbeat, wishes: this.#commands },
		};
	}

	get conversation() {
		return this.#reader.conversation;
	}
	get pending() {
		return this.#outbox.pending;
	}

	/* ------------------------------------------------------------ what the owner wants */

	start() {
		if (this.#isStarted) return;
		this.#isStarted = this.#wantsToken = true;
		this.#isAsleep = false;
		this.#credentials.retried.clear();
		this.#begin();
	}

	stop() {
		this.#isStarted = false;
		this.#end({ state: "idle" });
	}

	giveUp(code: ErrorCode, text: string) {
		this.#isStarted = false;
		this.#end({ state: "refused", code, text });
	}

	sleep() {
		if (!this.#isStarted) return;
		this.#isAsleep = true;
		this.#end({ state: "idle" });
	}

	wake() {
		const { connection } = this;
		if (this.#isAsleep && this.#isStarted) {
			this.#isAsleep = false;
			this.#begin();
		} else if (connection.state === "waiting") {
			if (connection.until - this.#clock.now() <= soonMs) return;
			if (this.#transport) this.#transport.redial("wake");
			else this.#begin();
		} else if (connection.state !== "ready" || !this.#follows())
			this.#ping(wakePingMs);
	}

	setOffline(offline: boolean) {
		this.#isOffline = offline;
		if (this.connection.state === "waiting")
			this.#connect({ ...this.connection, offline });
		if (offline) this.#ping(wakePingMs);
		else this.wake();
	}

	send(text: string, context?: Record<string, unknown>): string {
		if (this.connection.state === "ready") this.#follows();
		const id = this.#outbox.add(text, context, this.#clock.now());
		this.#tell({ type: "pending" });
		this.#tick();
		return id;
	}

	resend(id: string) {
		this.#outbox.resend(id);
		this.#tell({ type: "pending" });
		if (this.connection.state === "refused") this.start();
		this.#tick();
	}

	discard(id: string): string | undefined {
		const text = this.#outbox.discard(id);
		if (text !== undefined) this.#tell({ type: "pending" });
		return text;
	}

	stopReply() {
		const message = this.#reader.openReply?.id;
		if (message) this.#commands.stop(message);
		this.#tick();
	}

	retry(message: string, options: { continue?: boolean } = {}) {
		const more = options.continue && { continue: true };
		this.#commands.add({ type: "retry", message, ...more });
		this.#tick();
	}

	rate(message: string, value: FeedbackValue) {
		this.#commands.add({ type: "feedback", message, value });
		this.#tick();
	}

	newConversation() {
		this.#outbox.clear();
		this.#commands.clear();
		this.#tell({ type: "pending" });
		this.#credentials.forgetConversation();
		this.#forget();
		// A new line, because on the old one events of the old conversation may be under way.
		if (this.connection.state !== "waiting") this.#transport?.redial("silent");
	}

	subscribe(listener: (change: Change) => void): () => void {
		return this.#emitter.add(listener);
	}

	diagnostics(): Diagnostics {
		return {
			transport: this.#transport?.name,
			roundTripMs: this.#heartbeat.roundTripMs,
			fallbacks: this.#transport?.fallbacks ?? 0,
			...this.#reader.counts,
		};
	}

	/* ------------------------------------------------------------ the line's life */

	async #begin() {
		// A listener that was told of the end may have stopped us.
		if (!this.#isStarted || this.#isAsleep) return;
		const run = ++this.#run;
		this.#clock.clearTimeout(this.#timer);
		const { attempt } = this.#asking;
		this.#connect({ state: "connecting", attempt });
		const { getToken } = this.#options;
		if (getToken && this.#wantsToken) {
			try {
				await this.#credentials.askPage(getToken, this.#clock);
			} catch {
				if (run === this.#run) this.#askLater(attempt === 1);
				return;
			}
			if (run !== this.#run) return;
			this.#wantsToken = false;
			this.#asking = new Backoff(this.#clock);
		}
		if (run === this.#run) this.#dial();
	}

	/** The page did not say who its visitor is, and must hear that its own code failed. */
	#askLater(isNews: boolean) {
		const ms = this.#asking.lost();
		this.#timer = this.#clock.setTimeout(() => this.#begin(), ms);
		const until = this.#clock.now() + ms;
		this.#connect({ state: "waiting", until, offline: this.#isOffline });
		const text = "The page did not say who you are.";
		if (isNews) this.#tell({ type: "error", code: "unauthorized", text });
	}

	#dial() {
		const { transport = "auto", memo, debug } = this.#options;
		const make = this.#options.makeTransport ?? selectTransport(transport);
		this.#transport = (debug ? traced(make, debug) : make)({
			url: this.#url,
			clock: this.#clock,
			memo,
			token: () => this.#credentials.token,
			events: {
				greet: () => this.#hello(),
				receive: (frame) => this.#receive(frame),
				dialing: (attempt) => this.#down({ state: "connecting", attempt }),
				waiting: (until) =>
					this.#down({ state: "waiting", until, offline: this.#isOffline }),
				refused: (code, text) => this.#refused(code, text),
			},
		});
		this.#transport.start();
	}

	#hello() {
		return this.#credentials.hello(this.#reader.greet());
	}

	#down(connection: Connection) {
		this.#readyAt = undefined;
		this.#clock.clearTimeout(this.#timer);
		this.#reader.down();
		this.#connect(connection);
	}

	#end(connection: Connection) {
		this.#run++;
		this.#transport?.stop();
		this.#transport = undefined;
		this.#down(connection);
	}

	/** The line's final no, unless another hello may please. */
	#refused(code: ErrorCode, text: string) {
		const livedMs = this.#readyAt && since(this.#readyAt, this.#clock.now());
		if (livedMs && livedMs >= stableMs) this.#credentials.retried.clear();
		const recovery = this.#credentials.recovery(code, !!this.#options.getToken);
		if (!recovery) return this.giveUp(code, text);
		this.#end({ state: "connecting", attempt: 1 });
		if (recovery.refreshesToken) this.#wantsToken = true;
		if (recovery.startsConversation) {
			if (this.#credentials.leaveConversation()) this.#outbox.forgetOlder();
			this.#forget();
		}
		this.#begin();
	}

	#forget() {
		this.#outbox.bind(this.#credentials.conversation);
		this.#reader.forget();
		this.#tell({ type: "conversation" });
	}

	/* ------------------------------------------------------------ down */

	#receive(frame: ServerFrame) {
		const now = this.#clock.now();
		this.#heartbeat.heard(now);
		if (frame.type === "ready") this.#welcome(frame, now);
		// Before `ready` nobody can say of which log an event is.
		else if (this.#readyAt === undefined) return;
		else if (isEvent(frame)) this.#take(frame, now);
		else if (frame.type === "ping") this.#reader.compare(frame.head, now);
		else if (frame.type === "pong") this.#heartbeat.ponged(now);
		else if (this.#outbox.refused(frame.data, now))
			this.#tell({ type: "pending" });
		else {
			const { code, text, id: message } = frame.data;
			this.#tell({ type: "error", code, text, message });
		}
		this.#tick();
	}

	#welcome(ready: Ready, now: number) {
		if (this.#follows()) return;
		const isNew = this.#readyAt === undefined;
		const isKnown = this.#credentials.isOf(ready);
		if (isNew && this.conversation.last > 0) this.#reader.counts.resumes++;
		const isForgotten = this.#reader.welcome(ready, isKnown, now);
		this.#credentials.welcome(ready);
		this.#outbox.bind(ready.conversation);
		this.limit = ready.limits.content;
		this.#readyAt ??= now;
		if (isNew) {
			this.#heartbeat.begin(now, ready.heartbeat);
			this.#outbox.begin();
			this.#commands.begin(this.#reader.openReply?.id);
		}
		this.#connect({
			state: "ready",
			transport: (this.#transport as Transport).name,
		});
		if (isForgotten) this.#tell({ type: "conversation" });
	}

	/** A first visit in many places is one visit: where nothing was said, what another tab has begun goes on. */
	#follows(): boolean {
		const isBlank = this.conversation.last + this.pending.length === 0;
		const follows = this.#credentials.adopt(isBlank);
		if (follows) this.#transport?.redial("silent");
		return follows;
	}

	#take(event: Event, now: number) {
		const taken = this.#reader.take(event, now);
		if (taken.outcome === "dropped") return;
		if (taken.outcome === "mismatch") {
			this.#tell({ type: "integrity", message: taken.message });
			return;
		}
		const isControl = event.type === "control";
		if (isControl && event.action === "start") {
			if (this.#outbox.acknowledge(event.data.message))
				this.#tell({ type: "pending" });
		}
		this.#tell({ type: "conversation", event });
		if (isControl && event.action === "error" && taken.isNews) {
			const { code, text, message } = event.data;
			this.#tell({ type: "error", code, text, message });
		}
	}

	/* ------------------------------------------------------------ up */

	#ping(answerMs?: number) {
		this.#transport?.send({ type: "ping" });
		this.#heartbeat.pinged(this.#clock.now(), answerMs);
		this.#tick();
	}

	/** Does what is due, by the wall clock, and comes back when the next thing may be. */
	#tick() {
		const line = this.#transport;
		if (!line || this.#readyAt === undefined) return;
		const { refused, next } = doWhatIsDue(this.#parts, line, {
			now: this.#clock.now(),
			limit: this.limit ?? Number.POSITIVE_INFINITY,
			hello: () => this.#hello(),
		});
		if (refused) this.#tell({ type: "pending" });
		this.#clock.clearTimeout(this.#timer);
		if (line !== this.#transport) return;
		if (next === "redial") line.redial("silent");
		else this.#timer = this.#clock.setTimeout(() => this.#tick(), next);
	}
	/* ------------------------------------------------------------ news */

	#connect(connection: Connection) {
		const isSame =
			JSON.stringify(connection) === JSON.stringify(this.connection);
		this.connection = connection;
		if (isSame) return;
		report(this.#options.debug, "state", connection);
		this.#tell({ type: "connection" });
	}

	#tell(change: Change) {
		this.#emitter.tell(change);
	}
}
