/**
 * The provider `pages`, the default: quotes a folder of Markdown pages, without a key or a network.
 * It invents nothing, and says so when no page fits.
 *
 * Turns a message into a search, and the answer into chunks at typing speed.
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
	/**
	 * Pause between two words, which makes the answer appear gradually. 0 disables it. @default 12
	 * (ms)
	 */
	paceMs?: number | undefined;
	clock?: Clock | undefined;
};

const defaults = { title: "these pages", baseUrl: "/", paceMs: 12 } as const;

/** A question with at most this many keywords also uses those of earlier questions. */
const fewWords = 2;
/** How many earlier questions it uses. */
const maxLean = 3;

/** @throws {Error} if the folder is missing or holds no page. */
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
	// "Tell me more", "why?": repeats the search without the passages already sent.
	if (earlier.length === 0) return smallTalk("help", index, site);
	const told = turns
		.filter(({ role }) => role === "assistant")
		.map(({ content }) => content)
		.join("\n");
	const found = await index.search(earlier);
	return answer(found, index, site, told) ?? noMore(index, site);
}

/** The keywords of the latest questions before this one, up to one with enough of them. */
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

/** The text after a beginning. The whole text, if the pages have changed since. */
function rest(text: string, beginning: string | undefined): string {
	if (!beginning) return text;
	return text.startsWith(beginning)
		? text.slice(beginning.length)
		: `\n\n${text}`;
}

/** Words with the space after them. Text without spaces in short runs. */
const chunksOf = (text: string): string[] =>
	text.match(/\S{1,24}\s*|\s+/gu) ?? [];
