/**
 * Replies from a folder of Markdown pages: the default, which needs no key and no network.
 *
 * `open.ts` makes it. It looks up and quotes; it makes nothing up, and says so when nothing fits.
 * Reading, indexing and wording are in the files beside this one; here a message becomes a search,
 * and an answer becomes chunks at the pace of somebody writing.
 */
import type { Clock } from "../../../protocol/clock.ts";
import { pause, systemClock } from "../../clock.ts";
import type { Provider, ReplyRequest } from "../provider.ts";
import {
	answer,
	noMore,
	nothing,
	type Said,
	type Site,
	smallTalk,
} from "./answer.ts";
import { PagesFolder } from "./folder.ts";
import { keywords, talkOf } from "./keywords.ts";
import type { PageIndex } from "./search-index.ts";

export type PagesOptions = {
	folder: string;
	/** What the pages are called in a sentence. @default "these pages" */
	title?: string | undefined;
	/** What the pages' addresses begin with. @default "/" */
	baseUrl?: string | undefined;
	/** Between two words, so that an answer is seen to come; 0 for none. @default 12 (ms) */
	paceMs?: number | undefined;
	clock?: Clock | undefined;
};

const defaults = { title: "these pages", baseUrl: "/", paceMs: 12 } as const;

/** A question with so few keywords may lean on the ones before it. */
const fewWords = 2;
/** How many questions back it may lean. */
const maxLean = 3;

/** @throws {Error} for a folder that is missing or holds no page. */
export async function pagesProvider(options: PagesOptions): Promise<Provider> {
	const { clock = systemClock, paceMs = defaults.paceMs } = options;
	const folder = await PagesFolder.open(options.folder);
	const baseUrl = options.baseUrl ?? defaults.baseUrl;
	const site = {
		title: options.title ?? defaults.title,
		baseUrl: baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`,
	};
	return {
		name: `pages ${options.folder}`,
		async *reply(request, signal) {
			const index = await folder.index();
			if (signal.aborted) return;
			const { text, sources } = await said(request, index, site);
			if (signal.aborted) return;
			for (const chunk of chunksOf(rest(text, request.beginning))) {
				yield chunk;
				if (paceMs > 0) await pause(clock, paceMs, signal);
				if (signal.aborted) return;
			}
			if (sources.length > 0) yield { sources };
		},
		close: () => folder.close(),
	};
}

async function said(
	{ turns }: ReplyRequest,
	index: PageIndex,
	site: Site,
): Promise<Said> {
	const questions = turns
		.filter(({ role }) => role === "user")
		.map(({ content }) => content);
	const question = questions.at(-1) ?? "";
	const talk = talkOf(question);
	if (talk) return smallTalk(talk, index, site);
	const words = keywords(question);
	const earlier =
		words.length <= fewWords ? earlierWords(questions.slice(0, -1)) : [];
	if (words.length > 0) {
		const found = await index.search(words, earlier);
		return answer(found, index, site) ?? nothing(found, index, site);
	}
	// "Tell me more", "why?": the same search again, without the passages already quoted.
	if (earlier.length === 0) return smallTalk("help", index, site);
	const told = turns
		.filter(({ role }) => role === "assistant")
		.map(({ content }) => content)
		.join("\n");
	const found = await index.search(earlier);
	return answer(found, index, site, told) ?? noMore(index, site);
}

/** The keywords of the latest questions before this one that had any, up to one with enough. */
function earlierWords(questions: readonly string[]): string[] {
	const words = new Set<string>();
	for (const question of questions.slice(-maxLean).reverse()) {
		if (talkOf(question)) continue;
		const found = keywords(question);
		for (const word of found) words.add(word);
		if (found.length > fewWords) break;
	}
	return [...words];
}

/** What follows a beginning; all of it, when the pages have changed since. */
function rest(text: string, beginning: string | undefined): string {
	if (!beginning) return text;
	return text.startsWith(beginning)
		? text.slice(beginning.length)
		: `\n\n${text}`;
}

/** Words with the space after them; text without spaces in short runs. */
const chunksOf = (text: string): string[] =>
	text.match(/\S{1,24}\s*|\s+/gu) ?? [];
