/**
 * The classic script: registers `<chat-stream>` and leaves nothing else in the page.
 *
 * Entry of `dist/chat-stream.js`. The build puts a guard in front of it, so that a second copy is not
 * even evaluated.
 */
import { register } from "./register.ts";

// Only now is the script known. A page may have an <img name="currentScript">, which hides the property
// of the document itself, not that of its prototype.
const { get } =
	Object.getOwnPropertyDescriptor(Document.prototype, "currentScript") ?? {};
const script: unknown = get?.call(document);
register(script instanceof HTMLScriptElement ? script.src : undefined);
