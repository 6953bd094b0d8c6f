/**
 * One conversation as the widget sees it: it connects, reads the log, and sends what the visitor does.
 *
 * The states of the connection are in connection-state.ts; this class performs their effects. It never
 * touches the document, custom elements or lit.
 */
import type { Clock } from "../../protocol/clock.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import {
	type ClientFrame,
	type ErrorFrame,
	type Event,
	type FeedbackValue,
	type Hello,
	isEvent,
	type Ready,
	type ServerFrame,
} from "../../protocol/frames.ts";
import { Backoff, backoffDefaults } from "../transport/backoff.ts";
import { selectTransport } from "../transport/select.ts";
import type { Transport } from "../transport/transport.ts";
import { machineClock } from "./clock.ts";
import { PendingCommands } from "./commands.ts";
import {
	type ConnectionEvent,
	type ConnectionState,
	connectionOf,
	type Effect,
	next,
} from "./connection-state.ts";
import { Credentials } from "./credentials.ts";
import { Emitter, throwLater } from "./emitter.ts";
import { Heartbeat, since } from "./heartbeat.ts";
import { JsonStorage } from "./json-storage.ts";
import { LogReader } from "./log-reader.ts";
import { Outbox } from "./outbox.ts";
import type {
	Change,
	ChatSession,
	Connection,
	Diagnostics,
	SessionOptions,
} from "./types.ts";

export type * from "./types.ts";

/** For the answer to a ping after a wake-up. */
const wakePingMs = 2_000;
/** The longest time between two checks of a ready connection: timers cannot be trusted for longer. */
const tickMs = 1_000;

/** Begins idle; `start()` connects. */
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
	readonly #emitter = new Emitter<Change>();
	#state: ConnectionState = { name: "stopped" };
	/** While dialing, waiting or ready. */
	#transport: Transport | undefined;
	#isOffline = false;
	/** For asking the page for a credential. */
	#askBackoff: Backoff;
	/** The end of a pause, or the next check of a ready connection. */
	#timer: unknown;

	constructor(options: SessionOptions) {
		this.#options = options;
		this.#url = options.url.replace(/\/+$/, "");
		this.#clock = options.clock ?? machineClock;
		this.#askBackoff = new Backoff(this.#clock);
		const storage = new JsonStorage(
			options.storage,
			`chat-stream ${this.#url} `,
		);
		this.#credentials = new Credentials(storage);
		const { conversation } = this.#credentials;
		this.#outbox = new Outbox(storage, conversation, this.#clock.now());
	}

	get conversation() {
		return this.#reader.conversation;
	}
	get pending() {
		return this.#outbox.pending;
	}

	/* ------------------------------------------------------------ commands of the owner */

	start() {
		const { name } = this.#state;
		if (name === "stopped" || name === "refused")
			this.#credentials.allowRetries();
		this.#dispatch({ type: "start" });
	}

	stop() {
		this.#dispatch({ type: "stop" });
	}

	giveUp(code: ErrorCode, text: string) {
		this.#dispatch({ type: "giveUp", code, text });
	}

	sleep() {
		this.#dispatch({ type: "sleep" });
	}

	wake() {
		this.#dispatch({ type: "wake", now: this.#clock.now() });
	}

	setOffline(offline: boolean) {
		this.#isOffline = offline;
		this.#announce();
		if (offline) this.#ping();
		else this.wake();
	}

	send(text: string, context?: Record<string, unknown>): string {
		if (this.#state.name === "ready") this.#adoptNewer();
		const id = this.#outbox.add(text, context, this.#clock.now());
		this.#emit({ type: "pending" });
		this.#tick();
		return id;
	}

	resend(id: string) {
		this.#outbox.resend(id);
		this.#emit({ type: "pending" });
		if (this.#state.name === "refused") this.start();
		this.#tick();
	}

	discard(id: string): string | undefined {
		const text = this.#outbox.discard(id);
		if (text !== undefined) this.#emit({ type: "pending" });
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
		this.#emit({ type: "pending" });
		this.#credentials.forgetConversation();
		this.#reset();
		// Events of the old conversation may be on their way on the old connection.
		if (this.#state.name !== "waiting") this.#transport?.redial("silent");
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

	/* ------------------------------------------------------------ the connection's states */

	#dispatch(event: ConnectionEvent) {
		const left = this.#state;
		const { state, effect } = next(left, event);
		this.#state = state;
		if (state !== left) {
			this.#clock.clearTimeout(this.#timer);
			if (state.name !== "ready") this.#reader.disconnected();
			this.#report("state", state);
		}
		if (effect === "close") this.#close();
		this.#announce();
		// A listener may have changed the state; then the effect is no longer wanted.
		if (effect && this.#state === state) this.#perform(effect, state);
	}

	#perform(effect: Effect, state: ConnectionState) {
		switch (effect) {
			case "close":
				// Done before the listeners were called.
				return;
			case "identify":
				return void this.#identify(state);
			case "pause":
				return this.#pause(state);
			case "dial":
				return this.#dial();
			case "redial":
				return this.#transport?.redial("wake");
			case "verify":
				if (!this.#adoptNewer()) this.#ping();
				return;
			default: {
				const never: never = effect;
				return never;
			}
		}
	}

	#announce() {
		const { attempt } = this.#askBackoff;
		const connection = connectionOf(this.#state, this.#isOffline, attempt);
		const isSame =
			JSON.stringify(connection) === JSON.stringify(this.connection);
		this.connection = connection;
		if (!isSame) this.#emit({ type: "connection" });
	}

	#close() {
		this.#transport?.stop();
		this.#transport = undefined;
	}

	async #identify(state: ConnectionState) {
		const { getToken } = this.#options;
		if (getToken && state.name === "identifying" && state.needsToken) {
			try {
				await this.#credentials.askPage(getToken, this.#clock);
			} catch {
				if (this.#state === state) this.#notIdentified();
				return;
			}
			// After a stop, the credential comes too late.
			if (this.#state !== state) return;
			this.#askBackoff = new Backoff(this.#clock);
		}
		this.#dispatch({ type: "identified" });
	}

	/** The first failure is reported to the page, whose `getToken` caused it. */
	#notIdentified() {
		const { attempt } = this.#askBackoff;
		const until = this.#clock.now() + this.#askBackoff.lost();
		this.#dispatch({ type: "notIdentified", until });
		const text = "The page did not say who you are.";
		if (attempt === 1)
			this.#emit({ type: "error", code: "unauthorized", text });
	}

	#pause(state: ConnectionState) {
		if (state.name !== "pausing") return;
		this.#timer = this.#clock.setTimeout(
			() => this.#dispatch({ type: "resume" }),
			state.until - this.#clock.now(),
		);
	}

	#dial() {
		const { transport = "auto", memo } = this.#options;
		const make = this.#options.makeTransport ?? selectTransport(transport);
		this.#transport = make({
			url: this.#url,
			clock: this.#clock,
			memo,
			token: () => this.#credentials.token,
			events: {
				greet: () => {
					const hello = this.#hello();
					this.#report("sent", hello);
					return hello;
				},
				receive: (frame) => this.#receive(frame),
				dialing: (attempt) => this.#dispatch({ type: "dialing", attempt }),
				waiting: (until) => this.#dispatch({ type: "waiting", until }),
				refused: (code, text) => this.#refused(code, text),
			},
		});
		this.#transport.start();
	}

	#hello(): Hello {
		return this.#credentials.hello(this.#reader.helloCursor());
	}

	/** The server's rejection is final, unless a hello with other credentials may help. */
	#refused(code: ErrorCode, text: string) {
		const state = this.#state;
		const { stableMs } = backoffDefaults;
		if (
			state.name === "ready" &&
			since(state.since, this.#clock.now()) >= stableMs
		)
			this.#credentials.allowRetries();
		const recovery = this.#credentials.recovery(code, !!this.#options.getToken);
		if (!recovery) return this.giveUp(code, text);
		this.#dispatch({ type: "recover", needsToken: recovery.refreshesToken });
		if (recovery.startsConversation) {
			if (this.#credentials.leaveConversation()) this.#outbox.discardRestored();
			this.#reset();
		}
		this.#dispatch({ type: "resume" });
	}

	/** Drops the copy of the log; the outbox moves to the conversation that the credentials name. */
	#reset() {
		this.#outbox.bind(this.#credentials.conversation);
		this.#reader.reset();
		this.#emit({ type: "conversation" });
	}

	/* ------------------------------------------------------------ receiving */

	#receive(frame: ServerFrame) {
		const now = this.#clock.now();
		this.#report("received", frame);
		this.#heartbeat.received(now);
		if (frame.type === "ready") this.#ready(frame, now);
		// Before `ready`, the log that an event belongs to is unknown.
		else if (this.#state.name !== "ready") return;
		else if (isEvent(frame)) this.#take(frame, now);
		else this.#takeControl(frame, now);
		this.#tick();
	}

	#takeControl(frame: Exclude<ServerFrame, Event | Ready>, now: number) {
		switch (frame.type) {
			case "ping":
				return this.#reader.compareHead(frame.head, now);
			case "pong":
				return this.#heartbeat.pongReceived(now);
			case "control":
				return this.#rejected(frame, now);
			default: {
				const never: never = frame;
				return never;
			}
		}
	}

	/** One frame was rejected: a message of the outbox, or a command. */
	#rejected({ data }: ErrorFrame, now: number) {
		const { code, text, id: message } = data;
		if (this.#outbox.reject(data, now)) this.#emit({ type: "pending" });
		else this.#emit({ type: "error", code, text, message });
	}

	#ready(ready: Ready, now: number) {
		const transport = this.#transport;
		if (!transport || this.#adoptNewer()) return;
		const isConnected = this.#state.name === "ready";
		const isKnown = this.#credentials.isSameLog(ready);
		if (!isConnected && this.conversation.last > 0)
			this.#reader.counts.resumes++;
		const isDropped = this.#reader.readyReceived(ready, isKnown, now);
		this.#credentials.readyReceived(ready);
		this.#outbox.bind(ready.conversation);
		this.limit = ready.limits.content;
		if (!isConnected) {
			this.#heartbeat.connected(now, ready.heartbeat);
			this.#outbox.connected();
			this.#commands.connected(this.#reader.openReply?.id);
		}
		this.#dispatch({ type: "ready", now, transport: transport.name });
		if (isDropped) this.#emit({ type: "conversation" });
	}

	/** If nothing was said here, this tab continues the conversation that another one has started. */
	#adoptNewer(): boolean {
		const isBlank = this.conversation.last + this.pending.length === 0;
		const isAdopted = this.#credentials.adopt(isBlank);
		if (isAdopted) this.#transport?.redial("silent");
		return isAdopted;
	}

	#take(event: Event, now: number) {
		const taken = this.#reader.take(event, now);
		if (taken.outcome === "dropped") return;
		if (taken.outcome === "mismatch") {
			this.#emit({ type: "integrity", message: taken.message });
			return;
		}
		const isControl = event.type === "control";
		if (isControl && event.action === "start") {
			if (this.#outbox.acknowledge(event.data.message))
				this.#emit({ type: "pending" });
		}
		this.#emit({ type: "conversation", event });
		if (isControl && event.action === "error" && taken.isNew) {
			const { code, text, message } = event.data;
			this.#emit({ type: "error", code, text, message });
		}
	}

	/* ------------------------------------------------------------ sending */

	/** Returns whether the transport was ready and took the frame. */
	#send(frame: ClientFrame): boolean {
		const isSent = this.#transport?.send(frame) ?? false;
		if (isSent) this.#report("sent", frame);
		return isSent;
	}

	/** Asks a connection that may be dead for an answer within 2 s. */
	#ping() {
		this.#send({ type: "ping" });
		this.#heartbeat.pingSent(this.#clock.now(), wakePingMs);
		this.#tick();
	}

	/** Sends what is due by the wall clock, and sets the timer for the next check. */
	#tick() {
		const transport = this.#transport;
		if (!transport || this.#state.name !== "ready") return;
		const due = this.#sendDue(transport, this.#clock.now());
		this.#clock.clearTimeout(this.#timer);
		// A listener may have stopped the transport.
		if (transport !== this.#transport) return;
		if (due === "redial") transport.redial("silent");
		else this.#timer = this.#clock.setTimeout(() => this.#tick(), due);
	}

	/** Returns the milliseconds until the next check. `redial`: the connection is dead. */
	#sendDue(transport: Transport, now: number): "redial" | number {
		const send = (frame: ClientFrame) => this.#send(frame);
		const openReply = this.#reader.openReply?.id;
		let heartbeatMs = this.#heartbeat.check(now, openReply !== undefined);
		if (heartbeatMs === "ping") {
			send({ type: "ping" });
			this.#heartbeat.pingSent(now);
			heartbeatMs = tickMs;
		}
		let rereadMs = this.#reader.check(now);
		if (rereadMs === "hello") {
			send(this.#hello());
			this.#reader.helloSent(now);
			rereadMs = tickMs;
		}
		if (heartbeatMs === "redial" || rereadMs === "redial") return "redial";
		const isUnresponsive = this.#commands.flush(now, openReply, send);
		const limit = this.limit ?? Number.POSITIVE_INFINITY;
		const outbox = this.#outbox.flush(now, limit, send);
		if (outbox.unanswered.length > 0)
			transport.resendOverHttp?.(outbox.unanswered);
		if (outbox.refused) this.#emit({ type: "pending" });
		if (isUnresponsive || outbox.unanswered.length > 0) return "redial";
		return Math.min(tickMs, heartbeatMs, rereadMs, outbox.nextMs);
	}

	/** For `debug`. `hello` and `ready` are the frames with a credential: their `token`. */
	#report(entry: "state" | "sent" | "received", detail: object) {
		const isSecret = "token" in detail;
		try {
			this.#options.debug?.(
				entry,
				isSecret ? { ...detail, token: "redacted" } : detail,
			);
		} catch (error) {
			throwLater(error);
		}
	}

	#emit(change: Change) {
		this.#emitter.emit(change);
	}
}
