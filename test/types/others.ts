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
	opened: true,
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

// @ts-expect-error: there is no such mode.
export const wrongInVue: InVue = { mode: "popup" };
// @ts-expect-error: there is no such mode.
export const wrongInSvelte: InSvelte = { mode: "popup" };
// @ts-expect-error: there is no such mode.
export const wrongInSolid: InSolid = { mode: "popup" };
// @ts-expect-error: of this event there is no message.
export const deafInVue: InVue = { onChatSend: ({ message }) => message };
// @ts-expect-error: it would set gettoken.
export const wrongCase: InSolid = { getToken };
// @ts-expect-error: it would take the place of the method.
export const wrongOpen: InVue = { open: true };
