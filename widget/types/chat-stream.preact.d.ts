/** `<chat-stream>` in JSX of Preact: `import type {} from "./chat-stream.preact.js"`. */
import type { HTMLAttributes } from "preact";
import type { ChatStream } from "./chat-stream.module.js";
import type { ChatStreamProps } from "./chat-stream.props.js";

declare module "preact" {
	namespace JSX {
		interface IntrinsicElements {
			"chat-stream": Omit<HTMLAttributes<ChatStream>, keyof ChatStreamProps> &
				ChatStreamProps;
		}
	}
}
