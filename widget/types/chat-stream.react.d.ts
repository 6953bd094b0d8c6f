/** `<chat-stream>` in JSX of React 19: `import type {} from "./chat-stream.react.js"`. */
import type { DetailedHTMLProps, HTMLAttributes } from "react";
import type { ChatStream } from "./chat-stream.module.js";
import type { ChatStreamProps } from "./chat-stream.props.js";

declare module "react" {
	namespace JSX {
		interface IntrinsicElements {
			"chat-stream": Omit<
				DetailedHTMLProps<HTMLAttributes<ChatStream>, ChatStream>,
				keyof ChatStreamProps
			> &
				ChatStreamProps;
		}
	}
}
