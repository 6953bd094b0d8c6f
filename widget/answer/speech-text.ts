/**
 * Turns growing Markdown into plain sentences for screen readers: without syntax, code summed up. It
 * returns each sentence once, and its cost is bounded by the new text. Knows no DOM and no timers.
 */
/** Text without the end of a sentence is cut at a space after this many characters. */
const patience = 300;

const fence = /^\s{0,3}(`{3,}|~{3,})\s*([\w+#.-]*)/;
const sentenceEnd = /[.!?…。！？:]["'”’)\]*_`]*(?=\s)/g;

export class Narrator {
	#read = 0;
	#lineStart = true;
	/** Sums up a block of code. */
	readonly #codeBlock: (lines: number, language: string) => string;
	#code: { mark: string; language: string; lines: number } | undefined;

	constructor(codeBlock: (lines: number, language: string) => string) {
		this.#codeBlock = codeBlock;
	}

	/** The sentences that `text`, which only grows, has completed since the last call. */
	read(text: string, ended = false): string[] {
		const sentences: string[] = [];
		while (this.#read < text.length) {
			const newline = text.indexOf("\n", this.#read);
			const whole = newline >= 0 || ended;
			const line = text.slice(this.#read, newline >= 0 ? newline : text.length);
			if (this.#code || (this.#lineStart && /^\s*[`~]/.test(line))) {
				if (!whole) break;
				this.#codeLine(line, sentences);
			} else if (whole) push(sentences, line);
			else {
				const cut = cutOf(line);
				if (cut === 0) break;
				push(sentences, line.slice(0, cut));
				this.#read += cut;
				this.#lineStart = false;
				break;
			}
			this.#read += line.length + 1;
			this.#lineStart = true;
		}
		if (ended && this.#code) this.#endCode(sentences);
		return sentences;
	}

	#codeLine(line: string, sentences: string[]) {
		const mark = fence.exec(line);
		if (!this.#code && mark)
			this.#code = {
				mark: mark[1] as string,
				language: mark[2] ?? "",
				lines: 0,
			};
		else if (!this.#code) push(sentences, line);
		else if (mark?.[1]?.startsWith(this.#code.mark) && !mark[2])
			this.#endCode(sentences);
		else this.#code.lines++;
	}

	#endCode(sentences: string[]) {
		const { lines, language } = this.#code as { lines: number } & {
			language: string;
		};
		sentences.push(this.#codeBlock(lines, language));
		this.#code = undefined;
	}
}

/** How much of an unfinished line may be said: up to its last whole sentence. */
function cutOf(line: string): number {
	let cut = 0;
	for (const { 0: mark, index } of line.matchAll(sentenceEnd)) {
		// The point of "1. Open" ends no sentence.
		if (/^\s*\d+$/.test(line.slice(cut, index))) continue;
		cut = index + mark.length;
	}
	if (cut === 0 && line.length > patience)
		return line.lastIndexOf(" ", patience) + 1 || patience;
	return cut;
}

function push(sentences: string[], markdown: string) {
	const plain = plainText(markdown);
	if (plain) sentences.push(plain);
}

/**
 * One line without its Markdown. None of these looks at a character more than a few times: an answer
 * may be one line of half a million brackets, blanks or commas.
 */
function plainText(line: string): string {
	return line
		.replace(/^\s*(?:>\s*)*(?:#{1,6}\s+|[-*+]\s+(?:\[[ xX]\]\s+)?)?/, "")
		.replace(/^[\s|:*_-]+$/, "")
		.replace(/!?\[([^[\]]*)\]\([^)[]*\)/g, "$1")
		.replace(/\s+/g, " ")
		.replace(/ ?\| ?/g, ", ")
		.replace(/\*\*|__|~~|`+/g, "")
		.replace(/(^|[\s(])[*_](?=\S)|(\S)[*_](?=[\s.,;:!?)]|$)/g, "$1$2")
		.replace(/[,\s]{2,}/g, (run) => (run.includes(",") ? ", " : " "))
		.replace(/^[,\s]+|[,\s]+$/g, "");
}
