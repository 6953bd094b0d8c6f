/**
 * The headers that keep an answer from being taken for something else, run, framed or kept.
 * `http.ts` puts them on what the endpoints answer, `server.ts` on files.
 */

/** Neither guessed at by its content, nor told to others as where somebody came from. */
const always = {
	"X-Content-Type-Options": "nosniff",
	"Referrer-Policy": "no-referrer",
} as const;

/** For the endpoints: data, whatever a browser thinks that it is. */
export const dataHeaders = {
	...always,
	"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
} as const;

/** For the pages of the demo: the most that any of them needs. Each says for itself what less will do. */
const pageHeaders = {
	...always,
	"Content-Security-Policy":
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types chat-stream",
} as const;

/** Dresses a file, or the answer that there is none. */
export function addFileHeaders(response: Response): Response {
	const isPage = response.headers.get("content-type")?.includes("text/html");
	for (const [name, value] of Object.entries(isPage ? pageHeaders : always))
		response.headers.set(name, value);
	return response;
}
