/**
 * Readers of the load test that keep up, and those whose connection is cut repeatedly.
 *
 * Each reader applies the protocol's `reduce` and compares the result with the model's numbers: every number
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

/** What a reader asks for: a number of answers in sequence, each with a number of chunks. */
export type Order = {
	answers: number;
	pieces: number;
	everyMs: number;
	width: number;
};

/** Faults that a reader must never see, and its counters. */
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

/** One reader's copy of its conversation, across connections. */
export class Copy {
	picture: Conversation = emptyConversation;
	ready: Ready | undefined;
	token = "";
	/** Lateness of each number, ms; only of readers that keep up. */
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

	/** Records a question in this conversation. */
	expect(id: string, order: Order) {
		this.#asked.push({ id, order });
	}

	/** The `hello` fields for a reconnection. */
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

	/** The faults of the answers, number by number. */
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
	/** Resolves on `ready`. */
	come(): Promise<void>;
	/** From now on it reads everything at full speed. */
	hurry(): void;
	leave(): void;
}

export const greetMs = 30_000;

/** Reads at full speed. With `flapMs` its connection is cut at that interval and resumes from its cursor. */
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
			// Bun's own WebSocket, which can be terminated without a close frame.
		) as unknown as Bun.WebSocket;
		this.#socket = socket;
		socket.onopen = () => socket.send(JSON.stringify(this.copy.hello));
		socket.onmessage = ({ data }) => {
			// Frames of a lost connection are dropped.
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
		// Not before the question's echo, or it would be lost.
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
