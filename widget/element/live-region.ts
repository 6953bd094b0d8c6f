/**
 * Announces to screen readers: through one polite live region and one alert.
 *
 * The transcript is not a live region (`aria-live=off`), because it changes many times a second. Open
 * replies are announced in whole sentences, at least a second apart.
 */
import type { Reply } from "../../protocol/conversation.ts";
import type { Narrator } from "../answer/speech-text.ts";
import { strings } from "../i18n/strings.ts";
import { answerChunk } from "../view/answer-writer.ts";

/** Time between two announcements, in ms. Some screen readers miss text that is replaced sooner. */
const apartMs = 1_000;
/** Longest announcement, in characters. */
const longest = 500;

type Watched = {
	id: string;
	narrator: Pick<Narrator, "read">;
	/** The text that this reply continues; it was announced before. */
	before: string;
	/** Announces that the assistant is answering, if no text arrives within a second. */
	delay: ReturnType<typeof setTimeout>;
	/** At least one sentence was announced. */
	spoken: boolean;
};

/** Until the answer chunk is loaded: the whole text, when the reply closes. */
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

	/** Announces `sentence` after those that wait. */
	say(sentence: string) {
		// Screen readers would speak everything at once when the hidden tab is shown again.
		if (document.hidden) return;
		this.#queue.push(sentence);
		if (this.#timer === undefined) this.#announceNext();
	}

	/** Announces `sentence` at once and interrupts. */
	alert(sentence: string) {
		const region = this.#root().querySelector("[role=alert]");
		const line = lineOf(sentence);
		region?.replaceChildren(line);
		setTimeout(() => line.remove(), 5 * apartMs);
	}

	/**
	 * Announces the new sentences of the open reply. `fromStart`: from its beginning, too.
	 * @param before The text that it continues.
	 */
	watch(reply: Reply, fromStart: boolean, before = "") {
		const watched = this.#track(reply, fromStart, before);
		if (reply.text) clearTimeout(watched.delay);
		const text = watched.before + reply.text;
		this.#narrate(watched, watched.narrator.read(text));
	}

	/** Announces the rest of a reply and how it ended. */
	close(reply: Reply, before = "") {
		const watched = this.#track(reply, true, before);
		clearTimeout(watched.delay);
		const text = watched.before + reply.text;
		const rest = watched.narrator.read(text, true);
		const whole = !watched.spoken && rest.join(" ").length <= longest;
		this.#narrate(watched, rest);
		this.#watched = undefined;
		if (reply.close?.by === "error") this.alert(reply.close.text);
		else if (reply.close?.reason === "stopped") this.say(strings.stopped);
		else if (!whole) this.say(strings.finished);
	}

	/** Drops everything that waits to be announced. */
	silence() {
		clearTimeout(this.#watched?.delay);
		this.#watched = undefined;
		this.#queue = [];
	}

	#track(reply: Reply, fromStart: boolean, textBefore: string): Watched {
		if (this.#watched?.id === reply.id) return this.#watched;
		this.silence();
		const part = answerChunk();
		const narrator = part ? new part.Narrator(strings.codeBlock) : plain;
		const before = part ? textBefore : "";
		// Text that was there when this page opened is history.
		narrator.read(fromStart ? before : before + reply.text);
		const delay = setTimeout(() => this.say(strings.answering), apartMs);
		this.#watched = {
			id: reply.id,
			narrator,
			before,
			delay,
			spoken: false,
		};
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
		region?.replaceChildren(lineOf(text));
		this.#timer = setTimeout(() => this.#announceNext(), apartMs);
	}
}

function lineOf(text: string): HTMLElement {
	const line = document.createElement("div");
	line.textContent = text;
	return line;
}
