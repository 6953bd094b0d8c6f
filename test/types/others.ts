/** What Vue, Svelte and Solid look up for `<chat-stream>`, as their compilers would fill it. */
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
	"image-hosts": "a.example",
	getToken: async () => "token",
} as const;

export const inVue: InVue = {
	...common,
	key: 1,
	onChatMessage: ({ message }) => console.log(message.text),
};
export const inSvelte: InSvelte = {
	...common,
	"onchat-message": ({ message }) => console.log(message.text),
	"on:chat-open": ({ type }) => console.log(type),
};
export const inSolid: InSolid = {
	...common,
	"on:chat-message": ({ message }) => console.log(message.text),
	"prop:imageHosts": ["a.example"],
};

// @ts-expect-error: there is no such mode.
export const wrongInVue: InVue = { mode: "popup" };
// @ts-expect-error: there is no such mode.
export const wrongInSvelte: InSvelte = { mode: "popup" };
// @ts-expect-error: there is no such mode.
export const wrongInSolid: InSolid = { mode: "popup" };
// @ts-expect-error: of this event there is no message.
export const deafInVue: InVue = { onChatSend: ({ message }) => message };
