/** What a framework hands to `<chat-stream>`, as each of them writes it. The files beside this one use it. */
import type {
	ChatEvents,
	ChatStreamAttributes,
	ChatStreamProperties,
} from "./chat-stream.module.js";

type Listener<Type extends keyof ChatEvents> =
	| ((event: ChatEvents[Type]) => void)
	| undefined;

/**
 * As React and Svelte do: `onchat-message`. A framework sets a property where there is one of the name,
 * so that `open` would replace the method: it is `opened` here, and a switch is no empty string.
 */
export type ChatStreamProps = Omit<
	ChatStreamAttributes,
	"open" | "suggestions" | "highlight" | "math"
> &
	ChatStreamProperties & {
		open?: never;
		highlight?: boolean | undefined;
		math?: boolean | undefined;
	} & {
		[Type in keyof ChatEvents as `on${Type}`]?: Listener<Type>;
	};

/** As Solid does, and older Svelte: `on:chat-message`. */
export type OnColon = {
	[Type in keyof ChatEvents as `on:${Type}`]?: Listener<Type>;
};

/** As Solid does: `prop:getToken`. Without `prop:` it would set `gettoken`. */
export type PropColon = {
	[Name in keyof ChatStreamProperties as `prop:${Name}`]?: ChatStreamProperties[Name];
};

/** As Vue does: `onChatMessage` for `@chat-message`. */
export type CamelListeners = {
	[Type in keyof ChatEvents as Type extends `chat-${infer Rest}`
		? `onChat${Capitalize<Rest>}`
		: never]?: Listener<Type>;
};

/** What has a capital letter, which Solid would take away. */
export type WithCapitals = {
	[Name in keyof ChatStreamProperties]-?: Name extends Lowercase<Name>
		? never
		: Name;
}[keyof ChatStreamProperties];
