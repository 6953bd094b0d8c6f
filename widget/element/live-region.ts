/**
 * The only voice of the element: what a screen reader hears, and when.
 *
 * The transcript itself is silent (`aria-live=off`), for it changes many times a second. The element
 * hands its open answer to `watch` at every paint; whole sentences come out, at least a second
 * apart. Touches two regions and nothing else.
 */
import type { Reply } from "../../protocol/conversation.ts";
import type { Narrator } from "../answer/speech-text.ts";
import { strings } from "../i18n/strings.ts";
import { answerChunk } from "../view/answer-writer.ts";

/** Between two utterances, and how long one stays: shorter is missed by some screen readers. */
const apartMs = 1_000;
/** Longest utterance, in characters. */
const longest = 500;

type Watched = {
	id: string;
	narrator: Pick<Narrator, "read">;
	/** Says that an answer is under way, should its first words let wait. */
	patience: ReturnType<typeof setTimeout>;
	spoken: boolean;
};

/** While answers are plain text: all of it, at the end. */
const plain = {
	read: (text: string, ended = false) => (ended && text ? [text] : []),
};

export class LiveRegion {
	readonly #root: () => ParentNode;
	#queue: string[] = [];
	#timer: ReturnType<typeof setTimeout> | undefined;
	#watched: Watched | undefined;

	constructor(root: () => ParentNode) {
		this.#root = root;
	}

	/** Says `sentence` when its turn comes. */
	say(sentence: string) {
		// What is said to a hidden tab is heard all at once when it comes back.
		if (document.hidden) return;
		this.#queue.push(sentence);
		if (this.#timer === undefined) this.#announceNext();
	}

	/** Says `sentence` at once, over anything else. */
	alert(sentence: string) {
		const region = this.#root().querySelector("[role=alert]");
		const line = utterance(sentence);
		region?.replaceChildren(line);
		setTimeout(() => line.remove(), 5 * apartMs);
	}

	/** The open answer, as it is now. `own`: this visitor asked for it here. */
	watch(reply: Reply, own: boolean) {
		const watched = this.#track(reply, own);
		if (reply.text) clearTimeout(watched.patience);
		this.#narrate(watched, watched.narrator.read(reply.text));
	}

	/** An answer that was open, or that this visitor asked for here, is closed. */
	close(reply: Reply) {
		const watched = this.#track(reply, true);
		clearTimeout(watched.patience);
		const rest = watched.narrator.read(reply.text, true);
		const whole = !watched.spoken && rest.join(" ").length <= longest;
		this.#narrate(watched, rest);
		this.#watched = undefined;
		if (reply.close?.by === "error") this.alert(reply.close.text);
		else if (reply.close?.reason === "stopped") this.say(strings.stopped);
		else if (!whole) this.say(strings.finished);
	}

	/** Forgets what was to be said. */
	silence() {
		clearTimeout(this.#watched?.patience);
		this.#watched = undefined;
		this.#queue = [];
	}

	#track(reply: Reply, own: boolean): Watched {
		if (this.#watched?.id === reply.id) return this.#watched;
		this.silence();
		const part = answerChunk();
		const narrator = part ? new part.Narrator(strings.codeBlock) : plain;
		// Of an answer found half-written, only what is yet to come is news.
		if (!own) narrator.read(reply.text);
		const patience = setTimeout(() => this.say(strings.answering), apartMs);
		this.#watched = { id: reply.id, narrator, patience, spoken: false };
		return this.#watched;
	}

	#narrate(watched: Watched, sentences: string[]) {
		for (const sentence of sentences) {
			watched.spoken = true;
			this.say(sentence);
		}
	}

	#announceNext() {
		const region = this.#root().querySelector("[aria-live=polite]");
		const next = this.#queue.shift();
		if (next === undefined) {
			this.#timer = undefined;
			region?.replaceChildren();
			return;
		}
		const cut =
			next.length > longest
				? next.lastIndexOf(" ", longest) + 1 || longest
				: longest;
		let text = next.slice(0, cut);
		if (next.length > cut) this.#queue.unshift(next.slice(cut));
		while (
			this.#queue[0] !== undefined &&
			text.length + this.#queue[0].length < longest
		)
			text += ` ${this.#queue.shift()}`;
		region?.replaceChildren(utterance(text));
		this.#timer = setTimeout(() => this.#announceNext(), apartMs);
	}
}

function utterance(text: string): HTMLElement {
	const line = document.createElement("div");
	line.textContent = text;
	return line;
}
