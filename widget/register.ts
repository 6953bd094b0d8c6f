/**
 * Defines `<chat-stream>`, and remembers the address of the code.
 *
 * It expects a DOM in which the element is not defined yet: a definition cannot be replaced.
 */
import { ChatStream } from "./element/chat-stream.ts";

export const tag = "chat-stream";

/** The address of the code. Chunks that are loaded later are beside it. */
export const script: { address: string | undefined } = { address: undefined };

/** The origin of `address` is the default server. */
export function register(address: string | undefined) {
	script.address = address;
	ChatStream.defaultSrc = baseOf(address) ?? baseOf(location.href);
	customElements.define(tag, ChatStream);
}

function baseOf(address: string | undefined): string | undefined {
	if (!address || !/^https?:/.test(address)) return undefined;
	return `${new URL(address).origin}/chat`;
}
