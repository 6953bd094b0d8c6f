/** Props of `<chat-stream>` in the spelling of each framework. */
import type {
	ChatEvents,
	ChatStreamAttributes,
	ChatStreamProperties,
} from "./chat-stream.module.js";

type Listener<Type extends keyof ChatEvents> =
	| ((event: ChatEvents[Type]) => void)
	| undefined;

/**
 * React and Svelte: `onchat-message`. They set a property if the element has one of that name: a
 * boolean is not an empty string here.
 */
export type ChatStreamProps = Omit<
	ChatStreamAttributes,
	"open" | "suggestions" | "highlight" | "math" | "debug"
> &
	ChatStreamProperties & {
		open?: boolean | undefined;
		highlight?: boolean | undefined;
		math?: boolean | undefined;
		debug?: boolean | undefined;
	} & {
		[Type in keyof ChatEvents as `on${Type}`]?: Listener<Type>;
	};

/** Solid and older Svelte: `on:chat-message`. */
export type OnColon = {
	[Type in keyof ChatEvents as `on:${Type}`]?: Listener<Type>;
};

/** Solid: `prop:getToken`. Without `prop:` Solid sets `gettoken`. */
export type PropColon = {
	[Name in keyof ChatStreamProperties as `prop:${Name}`]?: ChatStreamProperties[Name];
};

/** Vue: `onChatMessage` for `@chat-message`. */
export type CamelListeners = {
	[Type in keyof ChatEvents as Type extends `chat-${infer Rest}`
		? `onChat${Capitalize<Rest>}`
		: never]?: Listener<Type>;
};

/** Names with a capital letter, which Solid would lower-case. */
export type WithCapitals = {
	[Name in keyof ChatStreamProperties]-?: Name extends Lowercase<Name>
		? never
		: Name;
}[keyof ChatStreamProperties];
