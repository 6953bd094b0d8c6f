/**
 * Which language the page's chat speaks, and where it has the words from.
 *
 * All elements of a page speak one language: the one that was asked for last. Until its words are here,
 * and where they cannot be had, they are English.
 */
import { loadLanguage } from "./load-language.ts";
import { english, strings, type Words } from "./strings.ts";
import { setTimeLocale } from "./time-format.ts";

/**
 * The languages there are tables for, besides English; and what a launcher is called in each, for it
 * fetches nothing.
 */
const launchers: Record<string, string> = {
	ar: "فتح المحادثة",
	de: "Chat öffnen",
	es: "Abrir el chat",
	fr: "Ouvrir la discussion",
	he: "פתיחת הצ׳אט",
	hi: "चैट खोलें",
	it: "Apri la chat",
	ja: "チャットを開く",
	ko: "채팅 열기",
	nl: "Chat openen",
	pl: "Otwórz czat",
	pt: "Abrir o chat",
	tr: "Sohbeti aç",
	zh: "打开聊天",
};

let table: Partial<Words> = {};
let own: Partial<Words> = {};
let spoken = "en";

const codeOf = (tag = "") => tag.split("-", 1)[0]?.toLowerCase() ?? "";

/**
 * The language for an element, as BCP 47 has it: that of the element or of what it stands in, if it is
 * named at all, or else the browser's first that we have. `undefined` where we have none of them.
 */
export function languageFor(element: Element): string | undefined {
	const named = nameAround(element);
	const wanted = named ? [named] : navigator.languages;
	return wanted.find(
		(tag) => codeOf(tag) === "en" || Object.hasOwn(launchers, codeOf(tag)),
	);
}

function nameAround(element: Element): string | undefined {
	const near = element.closest("[lang]")?.getAttribute("lang");
	const root = element.getRootNode();
	if (near || !(root instanceof ShadowRoot)) return near || undefined;
	return nameAround(root.host);
}

/** A language set on the element also sets its direction; otherwise the page's applies. */
export function directionFor(element: Element, tag: string) {
	if (!element.hasAttribute("lang") || element.hasAttribute("dir"))
		return undefined;
	return ["ar", "he"].includes(codeOf(tag)) ? "rtl" : "ltr";
}

/** Words of the page's own, in place of ours, one by one. */
export function overrideWords(words: Partial<Words>) {
	own = words;
	show();
}

/**
 * Speaks `tag`. Resolves when its words are in place, or cannot be had.
 *
 * @param server Where the words come from, if not from where the script came from. Without it nothing
 * is fetched, and only a launcher has its word.
 */
export async function setLanguage(tag: string | undefined, server?: string) {
	const code = codeOf(tag);
	const launcher = launchers[code];
	if (code !== spoken) table = launcher ? { open: launcher } : {};
	spoken = code;
	setTimeLocale(tag);
	show();
	if (!launcher || !server) return;
	try {
		const words = (await loadLanguage(code, server)).default;
		// Another language may have been asked for meanwhile.
		if (code === spoken) table = words;
	} catch {
		// The network, or the page's policy: English is better than nothing.
	}
	show();
}

function show() {
	const refusals = { ...table.refusals, ...own.refusals };
	Object.assign(strings, english, table, own, { refusals });
}
