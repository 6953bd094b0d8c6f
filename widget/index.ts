/**
 * The classic script: registers `<chat-stream>` and leaves nothing else in the page.
 *
 * Entry of `dist/chat-stream.js`. The build puts a guard in front of it, so that a second copy is not
 * even evaluated.
 */
import { register } from "./register.ts";

// Only now is the script known; and a page may have an <img name="currentScript">.
const script = document.currentScript;
register(script instanceof HTMLScriptElement ? script.src : undefined);
