/** `<chat-stream>` in templates of Vue: `import type {} from "./chat-stream.vue.js"`. */
import type { HTMLAttributes, VNodeProps } from "vue";
import type { ChatStream } from "./chat-stream.module.js";
import type { CamelListeners, ChatStreamProps } from "./chat-stream.props.js";

declare module "vue" {
	interface GlobalComponents {
		"chat-stream": new () => ChatStream & {
			$props: Omit<HTMLAttributes, keyof ChatStreamProps> &
				VNodeProps &
				ChatStreamProps &
				CamelListeners;
		};
	}
}
