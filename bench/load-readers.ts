/**
 * Readers of the load test that take what comes, and those whose line is lost again and again.
 *
 * `load-client.ts` makes them; `load-slow.ts` has those that read too slowly. Each folds all it gets with
 * the protocol's own `reduce` and holds it, at the end, against what the model has counted: every number
 * once, and in order.
 */
import {
	type Conversation,
	emptyConversation,
	reduce,
} from "../protocol/conversation.ts";
import {
	decodeServerFrame,
	isEvent,
	type Ready,
	type ServerFrame,
} from "../protocol/frames.ts";
import { nowMs } from "./load-provider.ts";

/** What a reader asks for: so many answers one after the other, each of so many pieces. */
export type Order = {
	answers: number;
	pieces: number;
	everyMs: number;
	width: number;
};

/** What a reader must never see, and what became of it. */
export const emptyTally = {
	expected: 0,
	lost: 0,
	repeated: 0,
	"out of order": 0,
	damaged: 0,
	"broken off": 0,
	"lines ended by the server": 0,
	resumes: 0,
};
export type Tally = typeof emptyTally;

/** One reader's copy of its conversation, whichever line brought it. */
export class Copy {
	picture: Conversation = emptyConversation;
	ready: Ready | undefined;
	token = "";
	/** How late each number was, ms; of readers that keep up. */
	readonly lateMs: number[] = [];
	readonly tally: Tally = { ...emptyTally };
	readonly #asked: { id: string; order: Order }[] = [];

	take(frame: ServerFrame | undefined, isTimed = false) {
		if (!frame) return;
		if (frame.type === "ready") {
			this.ready = frame;
			this.token = frame.token ?? this.token;
		}
		if (!isEvent(frame)) return;
		if (isTimed && frame.type === "token") this.#time(frame.content);
		const { outcome, conversation } = reduce(this.picture, frame);
		if (outcome === "repeat") this.tally.repeated++;
		if (outcome === "gap") this.tally["out of order"]++;
		if (outcome === "mismatch") this.tally.damaged++;
		this.picture = conversation;
	}

	#time(content: string) {
		const now = nowMs();
		for (const [, due] of content.matchAll(/@([\d.]+)/g))
			this.lateMs.push(now - Number(due));
	}

	/** Somebody has asked for this in this conversation. */
	expect(id: string, order: Order) {
		this.#asked.push({ id, order });
	}

	/** With which this reader comes back. */
	get hello() {
		const { conversation, epoch } = this.ready ?? {};
		const after = this.picture.last;
		const { token } = this;
		return conversation
			? { type: "hello", version: 1, token, conversation, epoch, after }
			: { type: "hello", version: 1 };
	}

	get isWhole(): boolean {
		const closed = this.picture.messages.filter(
			(message) => message.role === "assistant" && message.close,
		);
		return closed.length >= this.#asked.length;
	}

	/** What is wrong with the answers, number by number. */
	check(): Tally {
		const { tally } = this;
		for (const { id, order } of this.#asked) {
			tally.expected += order.pieces;
			const reply = this.picture.messages.find(
				(message) => message.role === "assistant" && message.replyTo === id,
			);
			const isEnded =
				reply?.role === "assistant" &&
				reply.close?.by === "end" &&
				reply.close.reason === "complete";
			if (!isEnded) tally["broken off"]++;
			const words = reply?.text.split(" ").slice(0, -1) ?? [];
			const numbers = words.map((word) => Number.parseInt(word, 10));
			const seen = new Set(numbers);
			for (let i = 1; i <= order.pieces; i++) if (!seen.has(i)) tally.lost++;
			tally.repeated += numbers.length - seen.size;
			numbers.forEach((number, at) => {
				if (at > 0 && number < (numbers[at - 1] as number))
					tally["out of order"]++;
			});
		}
		return tally;
	}
}

export interface Reader {
	readonly copy: Copy;
	/** Resolves when it is greeted. */
	come(): Promise<void>;
	/** From now on it reads all there is, whatever it did before. */
	hurry(): void;
	leave(): void;
}

export const greetMs = 30_000;

/** Reads as it comes. With `flapMs` its line is lost that often, and it comes back with its cursor. */
export class QuickReader implements Reader {
	readonly copy = new Copy();
	readonly #url: string;
	readonly #isTimed: boolean;
	readonly #flapMs: number;
	#socket: Bun.WebSocket | undefined;
	#flap: ReturnType<typeof setInterval> | undefined;

	constructor(
		url: string,
		{
			isTimed = false,
			flapMs = 0,
		}: { isTimed?: boolean; flapMs?: number } = {},
	) {
		this.#url = url;
		this.#isTimed = isTimed;
		this.#flapMs = flapMs;
	}

	come(): Promise<void> {
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		const late = setTimeout(
			() => reject(new Error(`No ready in ${greetMs} ms.`)),
			greetMs,
		);
		this.#dial(() => {
			clearTimeout(late);
			resolve();
		});
		return promise;
	}

	#dial(onReady = () => {}) {
		const socket = new WebSocket(
			`${this.#url.replace("http", "ws")}/chat`,
			// Bun's own, which can be cut off without a word.
		) as unknown as Bun.WebSocket;
		this.#socket = socket;
		socket.onopen = () => socket.send(JSON.stringify(this.copy.hello));
		socket.onmessage = ({ data }) => {
			// What a lost line still brings is lost.
			if (this.#socket !== socket) return;
			const frame = decodeServerFrame(data);
			this.copy.take(frame, this.#isTimed);
			if (frame?.type === "ready") onReady();
		};
		socket.onclose = () => {
			if (this.#socket !== socket) return;
			this.copy.tally["lines ended by the server"]++;
			setTimeout(() => this.#socket === socket && this.#dial(), 100);
		};
	}

	/** @returns the ids of the questions, in their order. */
	ask(order: Order): string[] {
		const { answers, pieces, everyMs, width } = order;
		const content = `load ${pieces} ${everyMs} ${width}`;
		const ids = Array.from({ length: answers }, () => crypto.randomUUID());
		for (const id of ids) {
			this.copy.expect(id, order);
			this.#socket?.send(JSON.stringify({ type: "send", id, content }));
		}
		if (this.#flapMs > 0) this.#flap = setInterval(this.#lose, this.#flapMs);
		return ids;
	}

	#lose = () => {
		// Not before the question has come back: it would be asked by nobody.
		if (this.copy.picture.last === 0) return;
		this.copy.tally.resumes++;
		const lost = this.#socket;
		this.#dial();
		lost?.terminate();
	};

	hurry() {
		clearInterval(this.#flap);
	}

	leave() {
		this.hurry();
		const socket = this.#socket;
		this.#socket = undefined;
		socket?.close();
	}
}
