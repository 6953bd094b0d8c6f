/**
 * The classic script: registers `<chat-stream>` and adds nothing else to the page.
 *
 * Entry of `dist/chat-stream.js`. The build puts a guard before it, so that a second copy of the script
 * is not evaluated.
 */
import { register } from "./register.ts";

// Read while the script runs: later it is null. From the prototype, because `<img name="currentScript">`
// in the page hides the property of `document`.
const { get } =
	Object.getOwnPropertyDescriptor(Document.prototype, "currentScript") ?? {};
const script: unknown = get?.call(document);
register(script instanceof HTMLScriptElement ? script.src : undefined);
