/**
 * Matches origins against `CHAT_ORIGINS`.
 *
 * An origin is compared as a whole, never in part: `https://shop.example.evil.com` is another site.
 * Origins protect against pages of other sites, not against programs, which send any origin or none.
 * Knows no request.
 */

/** One entry of the list: an exact origin, or all subdomains of a host. */
type Rule = { scheme: string; under: string } | { exact: string };

const wildcard = /^([a-z]+:\/\/)\*(\.[^*]+)$/;
/** One or more DNS labels, as browsers write them. */
const labels = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;

/**
 * Whether an entry of the list is valid: an origin as browsers send it, such as
 * `https://shop.example`, or `https://*.shop.example`.
 */
export function isOriginEntry(entry: string): boolean {
	const sample = entry.replace(wildcard, "$1x$2");
	if (sample.includes("*") || !/^https?:\/\//.test(sample)) return false;
	return URL.canParse(sample) && new URL(sample).origin === sample;
}

/** Returns the check for a list of entries. Without a list, every origin is allowed. */
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
 * Whether the origin is this server itself, as for the demo. Only an IP address or `localhost` counts:
 * the owner of any other name can make it resolve to this server, so such names belong in the list.
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
