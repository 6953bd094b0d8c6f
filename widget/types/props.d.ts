/** What a framework hands to `<chat-stream>`, as each of them writes it. The files beside this one use it. */
import type {
	ChatEvents,
	ChatStreamAttributes,
	ChatStreamProperties,
} from "./chat-stream.module.js";

type Listener<Type extends keyof ChatEvents> =
	| ((event: ChatEvents[Type]) => void)
	| undefined;

/** As React and Svelte do: `onchat-message`. */
export type ChatStreamProps = ChatStreamAttributes &
	ChatStreamProperties & {
		[Type in keyof ChatEvents as `on${Type}`]?: Listener<Type>;
	};

/** As Solid does, and older Svelte: `on:chat-message`. */
export type OnColon = {
	[Type in keyof ChatEvents as `on:${Type}`]?: Listener<Type>;
};

/** As Solid does: `prop:getToken`. */
export type PropColon = {
	[Name in keyof ChatStreamProperties as `prop:${Name}`]?: ChatStreamProperties[Name];
};

/** As Vue does: `onChatMessage` for `@chat-message`. */
export type CamelListeners = {
	[Type in keyof ChatEvents as Type extends `chat-${infer Rest}`
		? `onChat${Capitalize<Rest>}`
		: never]?: Listener<Type>;
};
