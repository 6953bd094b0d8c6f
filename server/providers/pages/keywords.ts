/**
 * What a visitor's words are about: the keywords of a question, and the talk that asks nothing.
 *
 * `pages.ts` and the index use it. English is known best; other languages lose nothing but the
 * leaving-out of their small words. Pure; knows no page.
 */
import { editDistance } from "../../edit-distance.ts";

const wordsOf = (list: string) => new Set(list.split(/\s+/));

/** Words that every page holds, or that only make a sentence a question. */
const stopWords = wordsOf(
	`a about above after again all also am an and any anybody anyone anything are aren as at
	be because been before being below between both but by can cannot cant could couldnt d did didnt do
	does doesnt doing don dont done down during each either else em etc ever every few for from further
	get gets getting give go goes going got had has hasnt have havent having he hello help her here
	hers hey hi him his how however i id if ill im in into is isnt it its itself ive just kindly know let
	lets like ll m many may me might mine more most much must my myself need needs no nor not now
	of off ok okay on once one only or other our ours out over own please possible question quick re really
	s same say see shall she should show so some somebody someone something still such t tell than thank
	thanks that thats the their them then there theres these they thing things this those through to too
	tried try trying under until up us ve very want wants was wasnt way ways we well were what whats when
	where wheres whether which while who whom whos why will with within without wont would wouldnt
	yes yet you your youre yours explain wondering wonder find looking understand mean means
	there actually maybe ask asked asking asks question questions told said perhaps exactly anyway able whatever guys sir hallo`,
);

/** Words that say little: they help to rank, they do not decide. */
const weakWords = wordsOf(
	`use uses used using make makes made work works working set put change changes add adds run
	runs running enable have new different best good want possible happen happens start do page pages
	site website thing type kind support supports supported supposed first`,
);

/** Whether a word that no page holds is one of these, mistyped. */
export const isNearlyWeak = (word: string): boolean =>
	[...weakWords].some((weak) => isSlip(word, weak));

export const isWeak = (word: string): boolean => weakWords.has(word);

/** Words as the index parts them, but `a.b`, `a-b` and `a_b` in one: they are found as a phrase. */
export function tokens(text: string): string[] {
	return (
		text
			.normalize("NFKC")
			.toLowerCase()
			.replaceAll(/['’]/g, "")
			.match(/[\p{L}\p{N}\p{M}]+(?:[._\-/][\p{L}\p{N}\p{M}]+)*/gu) ?? []
	);
}

const maxKeywords = 24;
/** A token of more parts, such as a sentence whose words are joined by hyphens, is several words. */
const maxParts = 6;

/** What separates the parts of `a.b`, `a-b`, `a_b` and `a/b`. */
export const partsOf = (token: string): string[] => token.split(/[._\-/]/);

/** What a question is about, in its order, each once; at most 24, of at most 6 parts each. */
export function keywords(question: string): string[] {
	const found = new Set<string>();
	const words = tokens(question.slice(0, 4_000)).flatMap((token) => {
		const parts = partsOf(token);
		return parts.length > maxParts ? parts : [token];
	});
	for (const token of words) {
		if (stopWords.has(token)) continue;
		for (const word of spaced(token).split(" ")) found.add(word);
		if (found.size >= maxKeywords) break;
	}
	return [...found].slice(0, maxKeywords);
}

/** Scripts that put no spaces get them, a pair of signs a word, so that a part can be found. */
export function spaced(text: string): string {
	return text
		.replaceAll(
			/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+/gu,
			(run) => {
				const signs = [...run];
				const pairs = signs.slice(1).map((sign, at) => signs[at] + sign);
				return ` ${(pairs.length > 0 ? pairs : signs).join(" ")} `;
			},
		)
		.trim();
}

/** Half of the pairs of a run are no words: one that is found nowhere says nothing. */
export const isPair = (word: string): boolean =>
	/^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+$/u.test(word);

export type Talk = "greeting" | "thanks" | "farewell" | "help";

const talk: Record<Talk, ReadonlySet<string>> = {
	greeting: wordsOf(
		`hi hello hey hiya howdy yo greetings good morning afternoon evening day there hallo hola
		bonjour salut ciao hej ola moin servus guten tag namaste how are you doing whats up`,
	),
	thanks: wordsOf(
		`thanks thank you thx ty cheers danke merci gracias great perfect nice cool awesome super
		wonderful excellent very much so a lot many ok okay that this helped helps was is helpful works got
		it alright understood good for the your help all i see`,
	),
	farewell: wordsOf(
		"bye goodbye see you later ciao tschüss adieu for now good",
	),
	help: wordsOf(
		`help me please can you what do how does this work who are is it i ask could about topics
		know a bot chatbot real human`,
	),
};

/** Words without which a sentence of the words above is a question after all. */
const telling: Record<Talk, ReadonlySet<string>> = {
	greeting: wordsOf(
		`hi hello hey hiya howdy yo greetings morning afternoon evening hallo hola bonjour salut
		ciao hej ola moin servus guten namaste`,
	),
	thanks: wordsOf(
		`thanks thank thx ty cheers danke merci gracias great perfect nice cool awesome super
		wonderful excellent ok okay alright understood got helped helpful`,
	),
	farewell: wordsOf("bye goodbye later tschüss adieu"),
	help: wordsOf("help you topics bot chatbot human ask"),
};

/** The talk that a message is and no more; undefined for a question. */
export function talkOf(message: string): Talk | undefined {
	const said = tokens(message);
	if (said.length === 0 || said.length > 8) return undefined;
	return (Object.keys(talk) as Talk[]).find(
		(kind) =>
			said.every((word) => talk[kind].has(word)) &&
			said.some((word) => telling[kind].has(word)),
	);
}

/** Whether two words differ by a slip of the finger: one letter, or two in a long word. */
export function isSlip(typed: string, meant: string): boolean {
	// The first letter is nearly always right, and "port" is not "sort".
	if (typed.length < 5 || typed[0] !== meant[0]) return false;
	const most = typed.length < 8 ? 1 : 2;
	const [one, other] = [singular(typed), singular(meant)];
	if (Math.abs(one.length - other.length) > most) return false;
	return editDistance(one, other) <= most;
}

const singular = (word: string): string => word.replace(/(?<=...)s$/, "");
