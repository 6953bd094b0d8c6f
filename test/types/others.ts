/** The types that Vue, Svelte and Solid look up for `<chat-stream>`. */
import type {} from "chat-stream/solid";
import type {} from "chat-stream/svelte";
import type {} from "chat-stream/vue";
import type { JSX } from "solid-js";
import type { SvelteHTMLElements } from "svelte/elements";
import type { GlobalComponents } from "vue";

type InVue = InstanceType<GlobalComponents["chat-stream"]>["$props"];
type InSvelte = SvelteHTMLElements["chat-stream"];
type InSolid = JSX.IntrinsicElements["chat-stream"];

const common = {
	class: "help",
	mode: "floating",
	open: true,
	highlight: true,
	suggestions: "How?|Why?",
	"image-hosts": "a.example",
} as const;
const getToken = async () => "token";

export const inVue: InVue = {
	...common,
	key: 1,
	getToken,
	onChatMessage: ({ message }) => console.log(message.text),
};
export const inSvelte: InSvelte = {
	...common,
	getToken,
	"onchat-message": ({ message }) => console.log(message.text),
	"on:chat-open": ({ type }) => console.log(type),
};
export const inSolid: InSolid = {
	...common,
	"on:chat-message": ({ message }) => console.log(message.text),
	"prop:imageHosts": ["a.example"],
	"prop:getToken": getToken,
};

// @ts-expect-error: unknown mode.
export const wrongInVue: InVue = { mode: "popup" };
// @ts-expect-error: unknown mode.
export const wrongInSvelte: InSvelte = { mode: "popup" };
// @ts-expect-error: unknown mode.
export const wrongInSolid: InSolid = { mode: "popup" };
// @ts-expect-error: this event has no message.
export const deafInVue: InVue = { onChatSend: ({ message }) => message };
// @ts-expect-error: Solid would set `gettoken`.
export const wrongCase: InSolid = { getToken };
// @ts-expect-error: a boolean, not a word.
export const wrongOpen: InVue = { open: "yes" };
