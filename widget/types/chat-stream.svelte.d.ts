/** `<chat-stream>` in Svelte: `import type {} from "./chat-stream.svelte.js"`. */
import type { HTMLAttributes } from "svelte/elements";
import type { ChatStream } from "./chat-stream.module.js";
import type { ChatStreamProps, OnColon } from "./chat-stream.props.js";

declare module "svelte/elements" {
	interface SvelteHTMLElements {
		"chat-stream": Omit<HTMLAttributes<ChatStream>, keyof ChatStreamProps> &
			ChatStreamProps &
			OnColon;
	}
}
