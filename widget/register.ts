/**
 * Gives the page its element, once.
 *
 * Called by both entries of the bundle. A page may load the script twice, in two versions: the first
 * keeps the name, for what has been defined cannot be replaced.
 */
import { ChatStream } from "./element/chat-stream.ts";

const tag = "chat-stream";

/** Where the code came from, and what belongs to it is found. */
export const script: { address: string | undefined } = { address: undefined };

/** `address`: where the code came from; its origin is where the server is looked for. */
export function register(address: string | undefined) {
	// On a server that renders pages there is nothing to register with, though Lit brings a stand-in.
	if (typeof document === "undefined") return;
	const first = customElements.get(tag) as typeof ChatStream | undefined;
	if (!first) {
		script.address = address;
		ChatStream.defaultSrc = baseOf(address) ?? baseOf(location.href);
		customElements.define(tag, ChatStream);
	} else if (first.version !== ChatStream.version)
		console.warn(
			`<${tag}> ${first.version} is here already; ${ChatStream.version} was not loaded.`,
		);
}

function baseOf(address: string | undefined): string | undefined {
	if (!address || !/^https?:/.test(address)) return undefined;
	return `${new URL(address).origin}/chat`;
}
