/** The two kinds of small button: words, or a drawing with a name. Used by the templates. */
import { html, nothing, type TemplateResult } from "lit";

type Press = (event: Event) => void;

export const quietButton = (name: string, press: Press): TemplateResult =>
	html`<button class="quiet" part="button" type="button" @click=${press}>${name}</button>`;

/** `pressed`: for a button that stays pressed. */
export const toolButton = (
	name: string,
	icon: TemplateResult,
	press: Press,
	pressed?: boolean,
): TemplateResult =>
	html`<button class="tool" part=${pressed === undefined ? "button tool" : "button tool rating"} type="button" aria-label=${name} title=${name} aria-pressed=${pressed ?? nothing} @click=${press}>${icon}</button>`;
