/**
 * Which addresses of an answer may become links, and which links need a note with their host.
 *
 * It decides by what the URL parser makes of an address, never by its spelling. It creates no nodes.
 */

const protocols = /^(?:https?|mailto|tel):$/;
const maxLength = 2_048;

/** Controls, zero-width and bidirectional marks: invisible, so no address needs them. */
const unseen = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/**
 * The address to link to; `undefined` leaves the text without a link. A relative address
 * needs `base` and must stay on its host.
 */
export function safeUrl(to: string, base?: string): URL | undefined {
	const clean = to.replace(unseen, "").trim();
	// "https:/\host" is an address to the parser, but no honest one.
	const isWhole = URL.canParse(clean);
	if (
		to.length > maxLength ||
		/^(?:https?:(?!\/\/[^/\\])|$)/i.test(clean) ||
		!(isWhole || URL.canParse(clean, base))
	)
		return undefined;
	const url = new URL(clean, base);
	const { href, origin, protocol, username, password } = url;
	const isFine =
		protocols.test(protocol) &&
		!(username + password) &&
		href.length <= maxLength &&
		(isWhole || origin === new URL(base ?? "").origin);
	return isFine ? url : undefined;
}

/**
 * Characters that look like a dot or that URLs read as one. Between other letters they are the
 * punctuation of Chinese and Japanese.
 */
const dots =
	/(?<=[a-z\d])[\u2024\u00b7\u2027\u2219\u30fb\u3002\uff0e\uff61](?=[a-z\d])/g;
/** A web address in the text: its path names no host. */
const path = /(https?:\/\/[^\s/?#]+)[/?#]\S*/g;
/** Characters that show nothing but that are not in `unseen`. */
const blank = /\p{Variation_Selector}|\u2800/gu;
const hostName = /^(?:[^.]+\.)+\p{L}[^.]+$|^(?:\d{1,3}\.){3}\d{1,3}$/u;
/** Endings of file names that are no top-level domains. */
const fileName =
	/\.(?:[jt]sx?|json|pdf|png|jpe?g|gif|svg|csv|txt|html?|css|xml|ya?ml|docx?|xlsx?|pptx?)$/;

/** A URL, or the link that leads there. */
type Address = Pick<URL, "protocol" | "pathname" | "hostname" | "search">;

/**
 * The real host, if the text names another one. It is in punycode, so that no letter passes for
 * another. Mail to several recipients returns all of them.
 */
export function misleadingHost(text: string, url: Address): string | undefined {
	const isMail = url.protocol === "mailto:";
	const real = isMail ? recipientsOf(url) : url.hostname;
	const shown = text
		.replace(unseen, "")
		.replace(blank, "")
		.toLowerCase()
		.replace(dots, ".")
		.normalize("NFKC")
		.replace(path, "$1");
	// An address in the text of a web link names a host on both sides of its "@".
	const words = shown.split(
		isMail ? /(?:\S*@)|[^\p{L}\p{N}.-]+/u : /[^\p{L}\p{N}.-]+/u,
	);
	const isHonest = words.every((word) => {
		const name = word.replace(/^[.-]+|[.-]+$/g, "").replace(/^www\./, "");
		if (!hostName.test(name) || fileName.test(name)) return true;
		return real === name || real.endsWith(`.${name}`);
	});
	return isHonest ? undefined : real;
}

function recipientsOf({ pathname, search }: Address): string {
	const all = pathname + search;
	const isOne = !/,|%2c|[?&]b?cc=|[?&]to=/i.test(all);
	return isOne ? (pathname.split("@").pop() ?? "") : all;
}
