/**
 * Which addresses of an answer may become links, and the warnings that a reader needs about them.
 *
 * Used by sink.ts. Decides by what the URL parser makes of an address, never by how it looks.
 */

const protocols = /^(?:https?|mailto|tel):$/;
const maxLength = 2_048;

/** Controls, zero-width and bidirectional marks: nobody sees them, so nobody means them. */
const unseen = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/**
 * The address to link to; `undefined` leaves the text without a link. A relative one needs `base` and
 * stays on its host.
 */
export function safeUrl(to: string, base?: string): URL | undefined {
	const clean = to.replace(unseen, "").trim();
	// "https:/\host" is an address to the parser, but not one that anybody writes in good faith.
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

const hostLike = /(?:[\p{L}\p{N}-]+\.)+\p{L}[\p{L}\p{N}-]*/gu;

/** A URL, or the link that leads there. */
type Address = Pick<URL, "protocol" | "pathname" | "hostname">;

/** The real host, if the text names another one; in punycode, so that no letter passes for another. */
export function misleadingHost(text: string, url: Address): string | undefined {
	if (!text.includes(".")) return undefined;
	const isMail = url.protocol === "mailto:";
	const real = isMail ? (url.pathname.split("@").pop() ?? "") : url.hostname;
	const shown = text.slice(0, 1_000).replace(unseen, "").toLowerCase();
	const named = shown.replace(/[^\s@]*@/g, "").match(hostLike) ?? [];
	const isHonest = named.every((name) => {
		const bare = name.replace(/^www\./, "");
		return real === bare || real.endsWith(`.${bare}`);
	});
	return isHonest ? undefined : real;
}
