/**
 * Headers of all responses: the version, and security headers that forbid sniffing, referrers, framing
 * and scripts in data.
 */
import { version, versionHeader } from "../../operations/version.ts";

const always = {
	[versionHeader]: version,
	"X-Content-Type-Options": "nosniff",
	"Referrer-Policy": "no-referrer",
} as const;

/** For endpoints: a browser must not render the data as a page. */
export const dataHeaders = {
	...always,
	"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
} as const;

/** For pages of the demo: the most that any page needs. A page may restrict itself further. */
const pageHeaders = {
	...always,
	"Content-Security-Policy":
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types chat-stream",
} as const;

/** Adds the security headers to a file, or to the 404 in its place. */
export function addFileHeaders(response: Response): Response {
	const isPage = response.headers.get("content-type")?.includes("text/html");
	for (const [name, value] of Object.entries(isPage ? pageHeaders : always))
		response.headers.set(name, value);
	return response;
}
