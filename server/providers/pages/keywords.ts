/**
 * Finds the keywords of a question, and recognizes small talk. Knows English best; in other
 * languages, small words count as keywords. Pure. Knows no page.
 */
import { editDistance } from "../../edit-distance.ts";

const wordsOf = (list: string) => new Set(list.split(/\s+/));

/** Words that are on every page, or only form a question. */
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

/** Words that help to rank, but do not decide. */
const weakWords = wordsOf(
	`use uses used using make makes made work works working set put change changes add adds run
	runs running enable have new different best good want possible happen happens start do page pages
	site website thing type kind support supports supported supposed first`,
);

/** Whether an unknown word is one of these, mistyped. */
export const isNearlyWeak = (word: string): boolean =>
	[...weakWords].some((weak) => isSlip(word, weak));

export const isWeak = (word: string): boolean => weakWords.has(word);

/**
 * Words as the index splits them, except that `a.b`, `a-b` and `a_b` stay one, to be found as a
 * phrase.
 */
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
/** A token of more parts counts as several words: it is a sentence joined by hyphens. */
const maxParts = 6;

/** Splits `a.b`, `a-b`, `a_b` and `a/b`. */
export const partsOf = (token: string): string[] => token.split(/[._\-/]/);

/**
 * The keywords of a question, in order and without repeats: at most 24, of at most 6 parts each.
 */
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

/** Splits scripts without spaces into pairs of characters, so that parts can be found. */
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

/** Half of the pairs in such a text are no words. A pair that is not found says nothing. */
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

/** Without one of these words, a sentence is a question after all. */
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

/** The kind of small talk of a message. `undefined` for a question. */
export function talkOf(message: string): Talk | undefined {
	const said = tokens(message);
	if (said.length === 0 || said.length > 8) return undefined;
	return (Object.keys(talk) as Talk[]).find(
		(kind) =>
			said.every((word) => talk[kind].has(word)) &&
			said.some((word) => telling[kind].has(word)),
	);
}

/** Whether two words differ by a typing error: one letter, or two in a long word. */
export function isSlip(typed: string, meant: string): boolean {
	// Typing errors rarely change the first letter, and "port" is not "sort".
	if (typed.length < 5 || typed[0] !== meant[0]) return false;
	const most = typed.length < 8 ? 1 : 2;
	const [one, other] = [singular(typed), singular(meant)];
	if (Math.abs(one.length - other.length) > most) return false;
	return editDistance(one, other) <= most;
}

const singular = (word: string): string => word.replace(/(?<=...)s$/, "");
