/**
 * The wording of the pages provider's answers: passages with their sources, in Markdown. Repeats no
 * words of a visitor, so their text cannot become a link. Knows no search.
 */
import type { Source } from "../../../protocol/frames.ts";
import type { Talk } from "./keywords.ts";
import { isIndex, linesOf, type Passage } from "./parse.ts";
import type { Found, Hit, PageIndex } from "./search-index.ts";

export type Said = { text: string; sources: Source[] };

type Extract = { text: string; passages: [Passage, ...Passage[]] };

export type Site = {
	/** What the pages are called in a sentence: "the Acme handbook". */
	title: string;
	/** What the pages' addresses begin with; ends with a slash. */
	baseUrl: string;
};

const maxPassages = 3;
/** Text of further passages is added up to this length, in characters. */
const maxAnswerChars = 1_800;
/** A shorter passage takes the headings below its own along, up to the second number. */
const [shortChars, extendedChars] = [240, 900];
/** A further passage is worth reading when its score is at least this share of the best one's. */
const worthShare = 0.7;
/** Where the best one covers less of the question, more of the kind would be guesses. */
const sureCover = 0.75;
const maxTopics = 6;

/** The best passages; undefined when there is none that `said` does not already hold. */
export function answer(
	{ fitting }: Found,
	index: PageIndex,
	site: Site,
	said = "",
): Said | undefined {
	const isNew = ({ passage }: Hit) =>
		said === "" || !said.includes(linked(passage, site).slice(0, 200));
	const [best, ...others] = fitting.filter(isNew);
	if (!best) return undefined;
	const chosen: Extract[] = [];
	let length = 0;
	for (const { passage, score } of [best, ...others]) {
		if (chosen.length === maxPassages) break;
		if (chosen.length > 0 && best.cover < sureCover) break;
		if (score < best.score * worthShare) break;
		if (chosen.some(({ passages }) => passages.includes(passage))) continue;
		const least = chosen.length === 0 ? shortChars : 1;
		const extract = extractFrom(passage, index, site, least);
		const { text } = extract;
		if (text === "") continue;
		if (chosen.length > 0 && length + text.length > maxAnswerChars) continue;
		chosen.push(extract);
		length += text.length;
	}
	return chosen.length > 0 ? quoted(chosen, site) : undefined;
}

/** Extracts under the names of their sections, parts of one section in their order. */
function quoted(extracts: readonly Extract[], site: Site): Said {
	const sections = new Map<string, Extract[]>();
	for (const extract of extracts) {
		const url = addressOf(extract.passages[0], site);
		sections.set(url, [...(sections.get(url) ?? []), extract]);
	}
	const texts: string[] = [];
	const sources: Source[] = [];
	for (const [url, parts] of sections) {
		const name = nameOf(parts[0]?.passages[0] as Passage);
		const lead = texts.length === 0 ? "From" : "And from";
		texts.push(`${lead} **${escaped(name)}**:`);
		sources.push({ title: name, url });
		parts.sort((one, other) => one.passages[0].place - other.passages[0].place);
		let place: number | undefined;
		for (const { passages, text } of parts) {
			if (place !== undefined && passages[0].place > place + 1) texts.push("…");
			texts.push(text);
			place = passages.at(-1)?.place;
		}
	}
	const last = extracts.length === 1 ? extracts[0]?.passages.at(-1) : undefined;
	if (last?.goesOn) texts.push(`Read on in ${link(last, site)}.`);
	return { text: texts.join("\n\n"), sources };
}

/** Nothing fits: says so, and names what comes nearest. */
export function nothing(found: Found, index: PageIndex, site: Site): Said {
	const near = distinct(
		[...found.fitting, ...found.near].map(({ passage }) => passage),
		site,
	);
	const lead = `I found nothing about that in ${site.title}.`;
	const said =
		near.length > 0
			? [`${lead} The nearest topics are:`, near]
			: [`${lead} You can ask me about:`, topics(index, site)];
	return list(said[0] as string, said[1] as string[]);
}

/** There is no more to say about what was asked before. */
export const noMore = (index: PageIndex, site: Site): Said =>
	list(
		`That is all I found about it in ${site.title}. You can also ask me about:`,
		topics(index, site),
	);

const openings: Record<Talk, (title: string) => string> = {
	greeting: (title) =>
		`Hello! I look things up in ${title} and answer with what is written there. You can ask me about:`,
	thanks: () =>
		"You're welcome! If there is anything else, you can ask me about:",
	farewell: () => "Goodbye! Whenever you come back, you can ask me about:",
	help: (title) =>
		`I am a search assistant: I look up your question in ${title} and answer with the passage that fits best. You can ask me about:`,
};

/** The answer to talk that asks nothing. */
export const smallTalk = (talk: Talk, index: PageIndex, site: Site): Said =>
	list(openings[talk](site.title), topics(index, site));

function list(lead: string, items: string[]): Said {
	const text =
		items.length > 0
			? `${lead}\n\n${items.map((item) => `- ${item}`).join("\n")}`
			: lead.replace(/[^.!]*:$/, "").trim();
	return { text, sources: [] };
}

/** The pages by their titles; the sections, if there is one page only. */
function topics({ pages }: PageIndex, site: Site): string[] {
	const [only] = pages;
	if (!only) return [];
	if (pages.length === 1)
		return distinct(
			only.passages.filter(({ level }) => level === 2),
			site,
		);
	// The front page is about all of them.
	return pages
		.filter(({ path }) => path.includes("/") || !isIndex(path))
		.slice(0, maxTopics)
		.map(({ path, title }) => `[${escaped(title)}](${address(path, site)})`);
}

function distinct(passages: readonly Passage[], site: Site): string[] {
	const links = passages.map((passage) => link(passage, site));
	return [...new Set(links)].slice(0, maxTopics);
}

/** A passage's text; that of a mere heading, or of one line, with what stands below it. */
function extractFrom(
	passage: Passage,
	index: PageIndex,
	site: Site,
	leastChars: number,
): Extract {
	const passages: Extract["passages"] = [passage];
	let text = linked(passage, site);
	if (text.length >= leastChars || passage.level === 0)
		return { text, passages };
	let next = index.after(passage);
	while (next && next.level > passage.level) {
		const below = linked(next, site);
		if (text.length + below.length > extendedChars && text !== "") break;
		passages.push(next);
		text = `${text}\n\n### ${escaped(next.heading)}\n\n${below}`.trim();
		next = index.after(next);
	}
	return { text, passages };
}

const nameOf = ({ title, heading }: Passage): string =>
	title === heading ? title : `${title} › ${heading}`;

const link = (passage: Passage, site: Site): string =>
	`[${escaped(nameOf(passage))}](${addressOf(passage, site)})`;

const addressOf = ({ path, slug }: Passage, site: Site): string =>
	address(path, site) + (slug ? `#${encodeURIComponent(slug)}` : "");

function address(path: string, { baseUrl }: Site): string {
	const shown = isIndex(path)
		? path.replace(/[^/]+$/, "")
		: path.replace(/\.(md|markdown)$/i, "");
	return baseUrl + shown.split("/").map(encodeURIComponent).join("/");
}

const escaped = (text: string): string =>
	text.replaceAll(/[\\`*_[\]<>]/g, "\\$&");

/** The text with links that lead to the pages from anywhere, not only from the page itself. */
function linked({ path, text }: Passage, site: Site): string {
	const lines = [...linesOf(text)].map(({ line, code }) =>
		code
			? line
			: line.replaceAll(
					/(\]\()<?([^)\s>]+)>?/g,
					(_, before: string, target: string) =>
						before + absolute(target, path, site),
				),
	);
	return lines.join("\n");
}

function absolute(target: string, path: string, site: Site): string {
	if (/^([a-z][a-z\d+.-]*:|\/)/i.test(target)) return target;
	if (target.startsWith("#")) return address(path, site) + target;
	const url = URL.parse(target, `http://pages/${encodeURI(path)}`);
	if (!url) return target;
	const to = decoded(url.pathname.slice(1));
	return address(to, site) + url.search + url.hash;
}

function decoded(path: string): string {
	try {
		return decodeURIComponent(path);
	} catch {
		// A lone % in a file's name: it is what it is.
		return path;
	}
}
