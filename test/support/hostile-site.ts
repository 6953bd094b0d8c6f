/**
 * Pages that are hostile to a foreign element: styles, globals, policies, frames, copies.
 *
 * Each page has one `<chat-stream id="it">` unless its HTML shows more, on another origin than the server's.
 * Numbers in brackets are those of the embedding checklist.
 */
import { createHash } from "node:crypto";

export type HostilePage = {
	html: string;
	headers?: Record<string, string>;
	/** The element cannot run: the message in the console. Without it the console must stay empty. */
	refused?: RegExp;
	/** A global of the browser. Browsers without it ignore the policy, and the element must work. */
	refusedWith?: string;
};

const element = `<chat-stream id="it"></chat-stream>`;

/** A style sheet that changes every element of its page. */
export const hostileStyles = `
	html { font-size: 10px; }
	body { color: red; letter-spacing: 3px; text-transform: uppercase; font: italic 30px serif; white-space: pre;
		-webkit-text-fill-color: lime; text-align: right; line-height: 3; word-spacing: 9px; visibility: visible;
		cursor: wait; text-shadow: 0 0 4px blue; --bg: red; --accent: lime; --text: lime; --ground: red; }
	* { margin: 50px; padding: 9px; float: left; box-sizing: content-box; border: 3px solid lime; }
	button, textarea, svg, p { display: none !important; }
	chat-stream { display: none !important; opacity: .1 !important; position: absolute !important; top: -900px !important;
		transform: scale(.2) !important; filter: blur(3px) !important; }`;

/** The pages by name, for a server at `server`; `script` is the built script's bytes. */
export function hostilePages(
	server: string,
	script: Uint8Array,
): Record<string, HostilePage> {
	const source = `${server}/chat-stream.js`;
	const tag = `<script src="${source}" async></script>`;
	const plain = tag + element;
	const socket = server.replace("http", "ws");
	const allowed = `connect-src ${server} ${socket}`;
	const policy = (words: string) => ({ "Content-Security-Policy": words });
	const digest = createHash("sha384").update(script).digest("base64");
	const checked = (hash: string) =>
		`<script src="${source}" integrity="sha384-${hash}" crossorigin="anonymous"></script>${element}`;
	const scripted = (code: string) => `<script>${code}</script>${plain}`;
	return {
		"a policy without any style, with a nonce for its scripts (117)": {
			html: `<script nonce="x" src="${source}"></script>${element}`,
			headers: policy(
				`default-src 'none'; script-src 'nonce-x' ${server}; style-src 'none'; ${allowed}`,
			),
		},
		"looks by attribute, no style and no foreign type allowed (117)": {
			html: `<script nonce="x" src="${source}"></script><chat-stream id="it" accent="rgb(10, 125, 85)" radius="3px" density="compact" font="Georgia" avatar="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"></chat-stream>`,
			headers: policy(
				`default-src 'none'; script-src 'nonce-x' ${server}; style-src 'none'; img-src data:; require-trusted-types-for 'script'; trusted-types chat-stream; ${allowed}`,
			),
		},
		"a policy of nonces and strict-dynamic (117)": {
			html: `<script nonce="x" src="${source}"></script>${element}`,
			headers: policy(
				`default-src 'none'; script-src 'nonce-x' 'strict-dynamic'; style-src 'none'; ${allowed}`,
			),
		},
		"Trusted Types that know only ours (119)": {
			html: plain,
			headers: policy(
				"require-trusted-types-for 'script'; trusted-types chat-stream",
			),
		},
		"Trusted Types with the page's own Lit (119)": {
			html: scripted(
				"globalThis.trustedTypes?.createPolicy('lit-html', { createHTML: (html) => html })",
			),
			headers: policy(
				"require-trusted-types-for 'script'; trusted-types lit-html chat-stream",
			),
		},
		"the script twice, early, late and as a module (120)": {
			html: `<script src="${source}"></script>${plain}<script type="module" src="${source}?again"></script>`,
		},
		"things that bear the names of globals (121)": {
			html: `<img name="currentScript" src="data:,"><form id="chatStream"><input name="customElements"></form><a id="WebSocket"></a>${plain}`,
		},
		"prototypes with more in them than there should be (121)": {
			html: scripted(`
				Object.prototype.extra = "extra";
				Object.prototype.sources = Object.prototype.reason = 7;
				Array.prototype.foo = function () {};
				Array.prototype.toJSON = function () { return "[" + this.join() + "]"; };`),
		},
		"fetch and WebSocket in wrappers (121)": {
			html: `<script>
				const fetched = window.fetch;
				window.fetch = (...all) => fetched(...all);
				const Socket = window.WebSocket;
				window.WebSocket = class extends Socket {};
				Object.defineProperty(window, "chatStream", { get() { throw new Error("Not yours."); } });
			</script>${plain}`,
		},
		"built-in objects that nobody may change (121)": {
			html: scripted(`
				for (const made of [Object, Array, Function, Promise, Map, Set, WeakMap, String, Number, Boolean, RegExp, Date, Error, TypeError,
					Symbol, Uint8Array, URL, Event, EventTarget, AbortController]) {
					Object.freeze(made.prototype);
					Object.freeze(made);
				}
				for (const tool of [JSON, Math, Reflect]) Object.freeze(tool);`),
		},
		"a JSON of the page's own that writes lists as texts (121)": {
			html: scripted(`
				const { stringify, parse } = JSON;
				Array.prototype.toJSON = function () { return stringify([...this]); };
				String.prototype.toJSON = function () { return "" + this; };
				window.JSON = { stringify: (value) => stringify(value), parse: (text) => parse(text) };`),
		},
		"customElements in a wrapper (121)": {
			html: scripted(`
				const real = customElements;
				const value = { wrapped: true };
				for (const name of ["define", "get", "whenDefined", "upgrade"]) value[name] = (...all) => real[name](...all);
				Object.defineProperty(window, "customElements", { value });`),
		},
		"HTMLElement for classes that are functions (121)": {
			html: scripted(`
				const Real = HTMLElement;
				window.HTMLElement = function () { return Reflect.construct(Real, [], this.constructor); };
				HTMLElement.prototype = Real.prototype;
				HTMLElement.prototype.constructor = HTMLElement;
				Object.setPrototypeOf(HTMLElement, Real);`),
		},
		"a script that is checked by its hash (122)": { html: checked(digest) },
		"a page that embeds only what asks for it (122)": {
			html: plain,
			headers: {
				"Cross-Origin-Embedder-Policy": "require-corp",
				"Cross-Origin-Opener-Policy": "same-origin",
			},
		},
		"storage that throws (126)": {
			html: scripted(`
				for (const name of ["localStorage", "sessionStorage"])
					Object.defineProperty(window, name, { get() { throw new DOMException("No.", "SecurityError"); } });`),
		},
		"storage that is full (126)": {
			html: scripted(
				`Storage.prototype.setItem = () => { throw new DOMException("Full.", "QuotaExceededError"); };`,
			),
		},
		"storage that says whatever it likes (126)": {
			html: scripted(`
				Storage.prototype.getItem = () => '{"token":{"__proto__":[]},"conversation":"<img src=x onerror=alert(1)>","entries":7}';`),
		},
		"customElements that define nothing (121)": {
			html: scripted(`
				const value = { define() {}, get() {}, whenDefined: () => new Promise(() => {}) };
				Object.defineProperty(window, "customElements", { value });`),
			refused: /^$/,
		},
		"a broken hash (122)": {
			html: checked(digest.replace(/^../, "AA")),
			refused: /integrity|hash/i,
		},
		"Trusted Types that allow nobody (119)": {
			html: plain,
			headers: policy(
				"require-trusted-types-for 'script'; trusted-types 'none'",
			),
			refused: /trusted|policy/i,
			// Firefox has it from 148 on.
			refusedWith: "trustedTypes",
		},
	};
}
