/**
 * A visitor for tests who speaks only the wire: one line to one conversation. `doors.ts` has a
 * line for each door.
 *
 * Every line folds what it reads with the protocol's own `reduce` and remembers whatever a reader
 * must never see. Waiting is always for a condition, with a deadline.
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
	/** Everything that came, in order. */
	readonly frames: ServerFrame[] = [];
	/** What the events so far fold to. */
	picture: Conversation = emptyConversation;
	/** What a reader must never see: gaps, and texts whose hash does not fit. */
	readonly faults: string[] = [];
	/** How the line ended; over HTTP the code is the one that a WebSocket would have had. */
	closed: { code: number; reason: string } | undefined;
	/** The visitor's credential. */
	token: string | undefined;
	#left = false;
	readonly #looks = new Set<() => void>();

	/** Says a frame; resolves with what it brings: an event, `pong`, or a refusal. */
	abstract ask(frame: ClientFrame): Promise<ServerFrame>;
	/** Lets the line go; nothing more is taken from it. */
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
		if (!ready) throw new Error(`Not greeted: ${JSON.stringify(this.frames)}`);
		return ready;
	}

	get refusal(): ErrorFrame["data"] | undefined {
		return this.frames.find(isRefusal)?.data;
	}

	/** The greeting with which this visitor comes back to where this line is. */
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

	/** The first frame that fits, from the place `from` on. */
	until(fits: (frame: ServerFrame) => boolean, what: string, from = 0) {
		return this.when(() => this.frames.slice(from).find(fits), what);
	}

	/** The `nth` answer to a question, by default the first, once it is closed. */
	answer(question: string, nth = 0): Promise<Reply> {
		return this.when(() => {
			const reply = answersIn(this.picture, question)[nth];
			return reply?.close && reply;
		}, `closed answer to ${question}`);
	}

	/** The open reply, once it has at least this number of characters. */
	growing(length = 1): Promise<Reply> {
		return this.when(() => {
			const reply = openReply(this.picture);
			return reply && reply.text.length >= length && reply;
		}, "open reply with text");
	}

	gone(): Promise<{ code: number; reason: string }> {
		return this.when(() => this.closed, "end of the line");
	}

	/** Asks a question by a new id. @returns the id. */
	async question(content: string): Promise<string> {
		const id = crypto.randomUUID();
		const answer = await this.ask({ type: "send", id, content });
		if (isRefusal(answer)) throw new Error(`Refused: ${show(answer)}`);
		return id;
	}

	stop = () => this.ask({ type: "stop" });
}

/** Folds frames that came in some other way. */
export class Recording extends Line {
	override ask(): never {
		throw new Error("Nobody is there to be asked.");
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
