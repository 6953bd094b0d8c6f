/**
 * A test visitor that uses only the wire: one connection to one conversation. `doors.ts` has a kind for each
 * endpoint.
 *
 * Every connection folds its events with the protocol's own `reduce` and records the faults that a reader must never
 * see. Every wait has a condition and a deadline.
 */
import {
	type Conversation,
	emptyConversation,
	openReply,
	type Reply,
	reduce,
} from "../../protocol/conversation.ts";
import {
	type ClientFrame,
	type ErrorFrame,
	type Event,
	type Hello,
	isEvent,
	type Ready,
	type ServerFrame,
} from "../../protocol/frames.ts";

const patienceMs = 4_500;

export type Greeting = Partial<Omit<Hello, "type">>;

export abstract class Line {
	/** All received frames, in order. */
	readonly frames: ServerFrame[] = [];
	/** The fold of the events so far. */
	picture: Conversation = emptyConversation;
	/** Faults: gaps, and texts whose hash does not match. */
	readonly faults: string[] = [];
	/** How the connection ended; over HTTP with the code that a WebSocket would have. */
	closed: { code: number; reason: string } | undefined;
	/** The visitor's credential. */
	token: string | undefined;
	#left = false;
	readonly #looks = new Set<() => void>();

	/** Sends a frame; resolves with the response: an event, `pong`, or an error. */
	abstract ask(frame: ClientFrame): Promise<ServerFrame>;
	/** Closes the connection; later frames are dropped. */
	leave() {
		this.#left = true;
		this.hangUp();
	}

	protected abstract hangUp(): void;

	constructor(token?: string) {
		this.token = token;
	}

	get events(): Event[] {
		return this.frames.filter(isEvent);
	}

	get ready(): Ready {
		const ready = this.frames.findLast((frame) => frame.type === "ready");
		if (!ready)
			throw new Error(`Expected ready; got ${JSON.stringify(this.frames)}`);
		return ready;
	}

	get refusal(): ErrorFrame["data"] | undefined {
		return this.frames.find(isRefusal)?.data;
	}

	/** The `hello` fields with which this visitor resumes from this connection's cursor. */
	get comeback() {
		const { conversation, epoch } = this.ready;
		const { token } = this;
		if (!token) throw new Error("This visitor has no credential.");
		return { token, conversation, epoch, after: this.picture.last };
	}

	knows = (message: string): boolean =>
		this.picture.messages.some(({ id }) => id === message);

	take(frame: ServerFrame) {
		if (this.#left) return;
		this.frames.push(frame);
		if (frame.type === "ready") {
			this.token = frame.token ?? this.token;
			if (frame.head < this.picture.last) this.picture = emptyConversation;
		}
		if (isEvent(frame)) this.#fold(frame);
		this.wake();
	}

	end(code: number, reason = "") {
		this.closed ??= { code, reason };
		this.wake();
	}

	wake() {
		for (const look of this.#looks) look();
	}

	#fold(event: Event) {
		const { outcome, conversation } = reduce(this.picture, event);
		if (outcome === "gap" || outcome === "mismatch")
			this.faults.push(`${outcome} after ${this.picture.last}: ${show(event)}`);
		this.picture = conversation;
	}

	/** Waits until `look` finds something. */
	when<Found>(
		look: () => Found | undefined | false,
		what: string,
		ms = patienceMs,
	): Promise<Found> {
		return new Promise((resolve, reject) => {
			const end = () => {
				this.#looks.delete(again);
				clearTimeout(timer);
			};
			const again = () => {
				const found = look();
				if (found === undefined || found === false) return;
				end();
				resolve(found);
			};
			const timer = setTimeout(() => {
				end();
				const seen = `${show(this.closed)} after ${show(this.frames.slice(-5))}`;
				reject(new Error(`No ${what} in ${ms} ms. ${seen}`));
			}, ms);
			this.#looks.add(again);
			again();
		});
	}

	/** The first frame that matches, from index `from` on. */
	until(fits: (frame: ServerFrame) => boolean, what: string, from = 0) {
		return this.when(() => this.frames.slice(from).find(fits), what);
	}

	/** The `nth` answer to a question once it is closed. @default the first */
	answer(question: string, nth = 0): Promise<Reply> {
		return this.when(() => {
			const reply = answersIn(this.picture, question)[nth];
			return reply?.close && reply;
		}, `closed answer to ${question}`);
	}

	/** The open reply once it has at least this number of characters. */
	growing(length = 1): Promise<Reply> {
		return this.when(() => {
			const reply = openReply(this.picture);
			return reply && reply.text.length >= length && reply;
		}, "open reply with text");
	}

	gone(): Promise<{ code: number; reason: string }> {
		return this.when(() => this.closed, "end of the line");
	}

	/** Asks a question with a new id. @returns the id. */
	async question(content: string): Promise<string> {
		const id = crypto.randomUUID();
		const answer = await this.ask({ type: "send", id, content });
		if (isRefusal(answer))
			throw new Error(`Expected the message to be stored; got ${show(answer)}`);
		return id;
	}

	stop = () => this.ask({ type: "stop" });
}

/** Folds frames that were read elsewhere. */
export class Recording extends Line {
	override ask(): never {
		throw new Error("This connection cannot send.");
	}
	protected override hangUp() {}
}

export const isRefusal = (frame: ServerFrame): frame is ErrorFrame =>
	frame.type === "control" && frame.action === "error" && !isEvent(frame);

export const answersIn = (picture: Conversation, question: string): Reply[] =>
	picture.messages.filter(
		(message): message is Reply =>
			message.role === "assistant" && message.replyTo === question,
	);

export const show = (value: unknown) => JSON.stringify(value)?.slice(0, 1_500);
