/** Removes secret texts from other texts. Vendors quote requests in their errors, keys included. */

/** Shorter texts are not redacted: they occur in any sentence. */
const minChars = 8;
/** Levels of JSON in JSON: an error quotes a body that quotes a request that quotes a visitor. */
const maxQuotes = 4;

/** Replaces these texts and their beginnings by `…`, also where they are quoted as JSON. */
export function redact(input: string, texts: Iterable<string>): string {
	for (const text of texts) {
		let quoted = text;
		for (let depth = 0; depth < maxQuotes; depth++) {
			input = redactOne(input, quoted);
			quoted = JSON.stringify(quoted).slice(1, -1);
		}
	}
	return input;
}

/** Also redacts a beginning of the text, because errors cut off what they quote. */
function redactOne(input: string, text: string): string {
	const head = text.slice(0, minChars);
	if (head.length < minChars) return input;
	let rest = input;
	let output = "";
	for (let at = rest.indexOf(head); at !== -1; at = rest.indexOf(head)) {
		let end = at + head.length;
		while (end < rest.length && rest[end] === text[end - at]) end++;
		output += `${rest.slice(0, at)}…`;
		rest = rest.slice(end);
	}
	return output + rest;
}
