/** The icons. They have the colour of the surrounding text. */
import { html } from "lit";

const filledIcon = (path: string) =>
	html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d=${path} fill="currentColor"/></svg>`;

export const outlineIcon = (path: string) =>
	html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d=${path} fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

export const icons = {
	mark: filledIcon(
		"M12 2.5c.6 5.6 3.9 8.9 9.5 9.5-5.6.6-8.9 3.9-9.5 9.5-.6-5.6-3.9-8.9-9.5-9.5 5.6-.6 8.9-3.9 9.5-9.5Z",
	),
	send: outlineIcon("M12 19.5v-15M5 11.5l7-7 7 7"),
	stop: filledIcon(
		"M8 5h8a3 3 0 0 1 3 3v8a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3V8a3 3 0 0 1 3-3Z",
	),
	down: outlineIcon("M12 4.5v15M5 12.5l7 7 7-7"),
	chat: outlineIcon(
		"M12 4a8.5 7.2 0 1 1-2.9 14L4.5 20.2l1-3.9A8.5 7.2 0 0 1 12 4Z",
	),
	close: outlineIcon("M6 6l12 12M18 6L6 18"),
	plus: outlineIcon("M12 5.5v13M5.5 12h13"),
};
