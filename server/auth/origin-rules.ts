/**
 * Which pages may talk to this server: `CHAT_ORIGINS`, checked at every endpoint before anything else.
 *
 * `authentication.ts` asks; `config.ts` has the list checked at start. An origin is compared as a whole and
 * never in part, because nearly ours is somebody else's. This keeps other sites' pages away, not
 * scripts outside a browser: those send whatever they like, or no origin at all.
 */

/** One entry of the list: exact, or any real subdomain of a host. */
type Rule = { scheme: string; under: string } | { exact: string };

const wildcard = /^([a-z]+:\/\/)\*(\.[^*]+)$/;
/** One or more labels, as browsers write them. */
const labels = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;

/**
 * Whether this is an entry of the list as we want it written: an origin as browsers send it, such as
 * `https://shop.example`, or `https://*.shop.example`.
 */
export function isOriginEntry(entry: string): boolean {
	const sample = entry.replace(wildcard, "$1x$2");
	if (sample.includes("*") || !/^https?:\/\//.test(sample)) return false;
	return URL.canParse(sample) && new URL(sample).origin === sample;
}

/** Makes the check of a list of entries; without a list any origin is let in. */
export function originCheck(
	entries: readonly string[] | undefined,
): (origin: string) => boolean {
	if (!entries) return () => true;
	const rules = entries.map(ruleOf);
	return (origin) =>
		rules.some((rule) =>
			"exact" in rule ? rule.exact === origin : isUnder(rule, origin),
		);
}

function ruleOf(entry: string): Rule {
	const [, scheme, under] = wildcard.exec(entry) ?? [];
	return scheme && under ? { scheme, under } : { exact: entry };
}

function isUnder(
	{ scheme, under }: { scheme: string; under: string },
	origin: string,
): boolean {
	if (!origin.startsWith(scheme) || !origin.endsWith(under)) return false;
	return labels.test(origin.slice(scheme.length, -under.length));
}

/**
 * Whether a page of this very server asks, as the demo does. Only by an address or as localhost: a
 * name can be made to point here by whoever owns it, so names of ours belong in the list.
 */
export function isOwnPage(
	origin: string,
	host: string | null,
	isTls: boolean,
): boolean {
	if (!host || origin !== `${isTls ? "https" : "http"}://${host}`) return false;
	const { hostname } = new URL(origin);
	return /^(localhost|\d+\.\d+\.\d+\.\d+|\[[0-9a-f:.]+\])$/.test(hostname);
}
