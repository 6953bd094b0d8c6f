/**
 * A `<chat-stream>` in the page with a fake session behind it, and the handles a test needs.
 *
 * For browser tests of the element. `painted` waits for the element's own next painting.
 */
import { fixture, html } from "@open-wc/testing";
import type { ChatStream } from "../../widget/element/chat-stream.ts";
import { loadAnswerChunk } from "../../widget/view/answer-writer.ts";
import { FakeSession } from "./fake-session.ts";

export type Room = {
	element: ChatStream;
	session: FakeSession;
	input: HTMLTextAreaElement;
	/** The first element in the shadow tree that fits; fails the test if there is none. */
	find<E extends HTMLElement>(selector: string): E;
	all(selector: string): HTMLElement[];
	/** The button with that name. */
	button(name: string): HTMLButtonElement;
	type(text: string): void;
	press(key: string, more?: KeyboardEventInit): KeyboardEvent;
	painted(): Promise<unknown>;
};

/** `more`: attributes of the element. */
export async function makeRoom(
	session = new FakeSession(),
	more: Record<string, string> = {},
): Promise<Room> {
	session.connect();
	// Otherwise it comes when it comes, and what is painted with it.
	await loadAnswerChunk();
	const element = document.createElement("chat-stream");
	// Each its own server: a draft outlives its element and its page, and the next one takes it.
	const attributes = { src: `/chat?room=${crypto.randomUUID()}`, ...more };
	for (const [name, value] of Object.entries(attributes))
		element.setAttribute(name, value);
	element.session = session;
	await fixture(html`${element}`);
	const root = element.renderRoot;
	const find = <E extends HTMLElement>(selector: string) => {
		const found = root.querySelector<E>(selector);
		if (!found) throw new Error(`Expected ${selector} in the element.`);
		return found;
	};
	const all = (selector: string) => [
		...root.querySelectorAll<HTMLElement>(selector),
	];
	const box = () => find<HTMLTextAreaElement>("textarea");
	return {
		...{ element, session, find, all },
		get input() {
			return box();
		},
		button(name) {
			const found = all("button").find(
				(button) =>
					(button.getAttribute("aria-label") ?? button.textContent) === name,
			);
			if (!found) throw new Error(`Expected a button named ${name}.`);
			return found as HTMLButtonElement;
		},
		type(text) {
			const input = box();
			input.value = text;
			input.dispatchEvent(new Event("input", { bubbles: true }));
		},
		press(key, more = {}) {
			const event = new KeyboardEvent("keydown", {
				...{ key, bubbles: true, cancelable: true, composed: true },
				...more,
			});
			box().dispatchEvent(event);
			return event;
		},
		painted: () => element.updateComplete,
	};
}
