/** `<chat-stream>` in JSX of Solid: `import type {} from "./chat-stream.solid.js"`. */
import type { JSX } from "solid-js";
import type { ChatStream } from "./chat-stream.module.js";
import type {
	ChatStreamProps,
	OnColon,
	PropColon,
	WithCapitals,
} from "./chat-stream.props.js";

declare module "solid-js" {
	namespace JSX {
		interface IntrinsicElements {
			"chat-stream": Omit<
				JSX.HTMLAttributes<ChatStream>,
				keyof ChatStreamProps
			> &
				Omit<ChatStreamProps, WithCapitals> &
				OnColon &
				PropColon;
		}
	}
}
