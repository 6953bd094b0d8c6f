/**
 * The language of the interface, and where its strings are loaded from.
 *
 * All elements of a page share one language: the one that was set last. Until its strings are loaded,
 * and if they cannot be loaded, the interface is English.
 */
import { loadLanguage } from "./load-language.ts";
import { english, strings, type Words } from "./strings.ts";
import { setTimeLocale } from "./time-format.ts";

/** The languages besides English, with the launcher's label: a launcher loads no strings. */
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

let loaded: Partial<Words> = {};
let own: Partial<Words> = {};
let current = "en";

const codeOf = (tag = "") => tag.split("-", 1)[0]?.toLowerCase() ?? "";

/**
 * The language tag (BCP 47) for an element: the `lang` of the element or its ancestors, or else the first
 * of the browser's languages. `undefined` if there are no strings for it.
 */
export function languageFor(element: Element): string | undefined {
	const named = inheritedLang(element);
	const wanted = named ? [named] : navigator.languages;
	return wanted.find(
		(tag) => codeOf(tag) === "en" || Object.hasOwn(launchers, codeOf(tag)),
	);
}

function inheritedLang(element: Element): string | undefined {
	const near = element.closest("[lang]")?.getAttribute("lang");
	const root = element.getRootNode();
	if (near || !(root instanceof ShadowRoot)) return near || undefined;
	return inheritedLang(root.host);
}

/** The text direction, if `lang` is set on the element itself. Otherwise the page's direction applies. */
export function directionFor(element: Element, tag: string) {
	if (!element.hasAttribute("lang") || element.hasAttribute("dir"))
		return undefined;
	return ["ar", "he"].includes(codeOf(tag)) ? "rtl" : "ltr";
}

/** Replaces single strings by the page's own. */
export function overrideWords(words: Partial<Words>) {
	own = words;
	update();
}

/**
 * Sets the language. Resolves when its strings are loaded, or loading them failed.
 *
 * @param server The address to load from, if the script's own address is unknown. Without `server`,
 * nothing is loaded and only the launcher's label changes.
 */
export async function setLanguage(tag: string | undefined, server?: string) {
	const code = codeOf(tag);
	const launcher = launchers[code];
	if (code !== current) loaded = launcher ? { open: launcher } : {};
	current = code;
	setTimeLocale(tag);
	update();
	if (!launcher || !server) return;
	try {
		const words = (await loadLanguage(code, server)).default;
		// Another language may have been set since.
		if (code === current) loaded = words;
	} catch {
		// The network failed, or a Content Security Policy blocks it: the interface stays English.
	}
	update();
}

function update() {
	const refusals = { ...loaded.refusals, ...own.refusals };
	Object.assign(strings, english, loaded, own, { refusals });
}
