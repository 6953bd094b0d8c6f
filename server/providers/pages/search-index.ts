/**
 * The index of the passages: SQLite FTS5 in memory, queried word by word. The rank of a whole query
 * would hide how much of a question a passage covers. Knows no folder.
 */
import { Database } from "bun:sqlite";
import {
	isNearlyWeak,
	isPair,
	isSlip,
	isWeak,
	keywords,
	partsOf,
	spaced,
	tokens,
} from "./keywords.ts";
import { linesOf, type MarkdownPage, type Passage, plain } from "./parse.ts";

/** `cover`: which share of the question the passage covers, 0 … 1. */
export type Hit = { passage: Passage; cover: number; score: number };

export type Found = {
	/** Passages that fit the question, best first. */
	fitting: Hit[];
	/** Passages that share some word with it, best first. */
	near: Hit[];
};

/** Weights of the columns in FTS5's rank: title, heading, text. */
const columnWeights = "2.0, 6.0, 1.0";
/** A passage that covers this share of the question fits. */
const leastCover = 0.55;
/** This share is enough if the question contains the whole heading. */
const leastNamedCover = 0.3;
/** Weight of a word of an earlier question. A word of this question has 1. */
const earlierWeight = 0.3;

/** The matches of a passage. `named`: how many words of the question are in its heading. */
type Tally = { covered: number; points: number; named: number };
type Match = { rowid: number; rank: number };

export class PageIndex {
	readonly pages: readonly MarkdownPage[];
	readonly #passages: readonly Passage[];
	readonly #database = new Database(":memory:");
	readonly #words = new Set<string>();
	/** The number of words of headings and titles. */
	readonly #lengths = new Map<string, number>();
	#searches = 0;
	#isClosing = false;

	constructor(pages: readonly MarkdownPage[]) {
		this.pages = pages;
		this.#passages = pages.flatMap(({ passages }) => passages);
		this.#database.run(
			`CREATE VIRTUAL TABLE passages USING fts5(title, heading, text, content='',
			tokenize="porter unicode61 remove_diacritics 2", prefix='3 4')`,
		);
		const insert = this.#database.prepare(
			"INSERT INTO passages(rowid, title, heading, text) VALUES (?, ?, ?, ?)",
		);
		this.#database.transaction(() => {
			for (const [at, { title, heading, text }] of this.#passages.entries()) {
				const columns = [title, heading, text].map(indexed);
				insert.run(at, ...columns);
				for (const column of columns)
					for (const token of tokens(column))
						for (const word of partsOf(token)) this.#words.add(word);
			}
		})();
		insert.finalize();
	}

	/** The next passage of the page. */
	after({ path, place }: Passage): Passage | undefined {
		return this.pages.find((page) => page.path === path)?.passages[place + 1];
	}

	/** Searches for the keywords of a question. `earlier` keywords only affect the order. */
	async search(
		asked: readonly string[],
		earlier: readonly string[] = [],
	): Promise<Found> {
		this.#searches++;
		try {
			return await this.#search(asked, earlier);
		} finally {
			this.#searches--;
			if (this.#isClosing) this.close();
		}
	}

	/** Each word takes several queries. Other work on the event loop runs between two words. */
	async #search(
		asked: readonly string[],
		earlier: readonly string[],
	): Promise<Found> {
		const words = this.#joined(asked);
		const hits = new Map<number, Tally>();
		let total = 0;
		for (const word of words) {
			const found = this.#find(word);
			const share = shareOf(word, found.size > 0, words.length);
			const rarity = Math.log(1 + this.#passages.length / (found.size || 1));
			total += share * rarity;
			for (const [rowid, rank] of found) {
				const hit = hits.get(rowid) ?? { covered: 0, points: 0, named: 0 };
				hit.covered += share * rarity;
				hit.points += share * rank;
				hits.set(rowid, hit);
			}
			for (const { rowid } of this.#match(`heading : ${begun(word)}`)) {
				const hit = hits.get(rowid);
				if (hit && !isWeak(word)) hit.named++;
			}
			await nextTick();
		}
		for (const word of earlier) {
			for (const [rowid, rank] of this.#find(word)) {
				const hit = hits.get(rowid);
				if (hit) hit.points += earlierWeight * (rank + 0.5);
			}
			await nextTick();
		}
		for (const pair of pairsOf(words))
			for (const { rowid, rank } of this.#match(quoted(pair))) {
				const hit = hits.get(rowid);
				if (hit) hit.points += rank / 2;
			}
		const ranked = [...hits]
			.map(([rowid, tally]) =>
				rankedHit(this.#passages[rowid] as Passage, tally, total),
			)
			.sort(
				(one, other) =>
					other.score - one.score || one.passage.place - other.passage.place,
			);
		return {
			fitting: ranked.filter(({ cover }) => cover >= leastCover),
			near: ranked.filter(({ cover }) => cover < leastCover),
		};
	}

	/** Waits for running searches. It may be called twice. */
	close() {
		this.#isClosing = true;
		if (this.#searches === 0) this.#database.close();
	}

	/** The passages of a word with its points: the word, a longer one, or a similar one. */
	#find(word: string): Map<number, number> {
		const found = this.#findAll(word);
		if (found.size > 0) return found;
		const parts = partsOf(word);
		const joined = parts.join("");
		if (parts.length > 1)
			return this.#words.has(joined)
				? this.#findAll(joined)
				: this.#findParts(parts);
		const meant = [...this.#words].filter((known) => isSlip(word, known));
		for (const known of meant)
			for (const [rowid, points] of this.#findAll(known))
				found.set(rowid, Math.max(found.get(rowid) ?? 0, points * 0.7));
		return found;
	}

	/** Joins "web socket" if the pages write "websocket". */
	#joined(words: readonly string[]): string[] {
		const joined: string[] = [];
		for (let at = 0; at < words.length; at++) {
			const [word = "", next = ""] = words.slice(at, at + 2);
			const both = word + next;
			const isOne =
				this.#words.has(both) &&
				!(this.#words.has(word) && this.#words.has(next));
			if (next && isOne) at++;
			joined.push(next && isOne ? both : word);
		}
		return joined;
	}

	/** Passages with all parts of `web-socket`, if they are not adjacent. */
	#findParts(parts: readonly string[]): Map<number, number> {
		const [first, ...others] = parts.map((part) => this.#findAll(part));
		const common = [...(first ?? [])].filter(([rowid]) =>
			others.every((other) => other.has(rowid)),
		);
		return new Map(common.map(([rowid, points]) => [rowid, points / 2]));
	}

	#findAll(word: string): Map<number, number> {
		const found = new Map<number, number>();
		const add = (query: string, share: number) => {
			for (const { rowid, rank } of this.#match(query))
				found.set(rowid, Math.max(found.get(rowid) ?? 0, rank * share));
		};
		add(quoted(word), 1);
		add(begun(word), 0.5);
		// A word in half of the passages has rank 0. A heading with it still counts, more if it is
		// short.
		const praise = (column: "heading" | "title", most: number) => {
			for (const { rowid } of this.#match(`${column} : ${begun(word)}`)) {
				const said = this.#passages[rowid]?.[column] ?? "";
				const points = found.get(rowid);
				if (points !== undefined)
					found.set(rowid, points + most / Math.sqrt(this.#lengthOf(said)));
			}
		};
		praise("heading", 2);
		praise("title", 0.5);
		for (const [rowid, points] of found) found.set(rowid, points + 0.1);
		return found;
	}

	#lengthOf(text: string): number {
		let length = this.#lengths.get(text);
		if (length === undefined) {
			length = keywords(text).length + tokens(text).length / 4;
			this.#lengths.set(text, length);
		}
		return length;
	}

	#match(query: string): Match[] {
		return this.#database
			.query<Match, [string]>(
				`SELECT rowid, -bm25(passages, ${columnWeights}) AS rank FROM passages WHERE passages MATCH ?`,
			)
			.all(query);
	}
}

const nextTick = () => new Promise<void>((resolve) => setImmediate(resolve));

/** How much a word tells about the question, before its rarity. */
function shareOf(word: string, isFound: boolean, words: number): number {
	if (words === 1) return 1;
	if (isPair(word)) return isFound ? 1 : 0.3;
	if (isWeak(word)) return 0.15;
	if (isFound) return 1;
	if (isNearlyWeak(word)) return 0.15;
	// Adverbs ask for nothing, and long sentences contain much that does not matter.
	if (word.endsWith("ly")) return 0.15;
	return words < 4 ? 1 : 0.2;
}

/** Quotes a word for FTS5: inside quotes nothing is syntax, and a quote is doubled. */
const quoted = (word: string): string => `"${word.replaceAll('"', '""')}"`;

const indexed = (markdown: string): string =>
	spaced(plain(markdown).normalize("NFKC").replaceAll(/['’]/g, ""));

/** Also matches longer words: the stemmer does not connect "embed" and "embedding". */
const begun = (word: string): string =>
	word.length >= 4 ? `${quoted(word)} *` : quoted(word);

/** How many words of a question name a heading. One keyword does not name a sentence. */
const nameLength = (heading: string): number =>
	Math.max(keywords(heading).length, tokens(heading).length / 2);

function rankedHit(passage: Passage, tally: Tally, total: number): Hit {
	const { covered, points, named } = tally;
	const share = Math.min(1, covered / total);
	const isNamed =
		named > 0 &&
		named >= nameLength(passage.heading) &&
		share >= leastNamedCover;
	const cover = isNamed ? Math.max(share, leastCover) : share;
	const score = points * cover ** 2 * merit(passage) * (isNamed ? 1.3 : 1);
	return { passage, cover, score };
}

/** Prefers words to code, and sections to their subsections. */
function merit({ text, level }: Passage): number {
	const code = [...linesOf(text)]
		.filter((line) => line.code)
		.reduce((length, { line }) => length + line.length + 1, 0);
	const depth = 0.95 ** Math.max(0, level - 1);
	return depth * (1 - (0.4 * code) / (text.length + 1));
}

const pairsOf = (words: readonly string[]): string[] =>
	words.slice(1).map((word, at) => `${words[at]} ${word}`);
