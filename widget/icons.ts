/** The few drawings of the element, in the colour of the text around them. Used by the templates. */
import { html } from "lit";

export const icons = {
	mark: html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 2.5c.6 5.6 3.9 8.9 9.5 9.5-5.6.6-8.9 3.9-9.5 9.5-.6-5.6-3.9-8.9-9.5-9.5 5.6-.6 8.9-3.9 9.5-9.5Z" fill="currentColor"/></svg>`,

	send: html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 19.5v-15M5 11.5l7-7 7 7" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/></svg>`,

	stop: html`<svg viewBox="0 0 24 24" aria-hidden="true"><rect x="5" y="5" width="14" height="14" rx="3" fill="currentColor"/></svg>`,

	down: html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 4.5v15M5 12.5l7 7 7-7" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/></svg>`,
};
