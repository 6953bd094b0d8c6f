/**
 * Texts that must not be told, taken out of what somebody says. `logger.ts` calls it: vendors quote in
 * their errors what they were told, keys included.
 */

/** Shorter ones stand in every sentence; to blot them out would hide nothing and spoil the rest. */
const minChars = 8;
/** An error of ours quotes a body that quotes a request that quotes a visitor. */
const maxQuotes = 4;

/** `said` without these texts and what they begin with, be they quoted in JSON within JSON. */
export function redact(said: string, texts: Iterable<string>): string {
	for (const text of texts) {
		let quoted = text;
		for (let depth = 0; depth < maxQuotes; depth++) {
			said = redactOne(said, quoted);
			quoted = JSON.stringify(quoted).slice(1, -1);
		}
	}
	return said;
}

/** Errors quote the beginnings of things and cut them off. */
function redactOne(said: string, text: string): string {
	const head = text.slice(0, minChars);
	if (head.length < minChars) return said;
	let rest = said;
	let kept = "";
	for (let at = rest.indexOf(head); at !== -1; at = rest.indexOf(head)) {
		let end = at + head.length;
		while (end < rest.length && rest[end] === text[end - at]) end++;
		kept += `${rest.slice(0, at)}…`;
		rest = rest.slice(end);
	}
	return kept + rest;
}
