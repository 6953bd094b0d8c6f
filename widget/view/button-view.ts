/** Templates of the two kinds of small button: with a text, or with an icon. */
import { html, nothing, type TemplateResult } from "lit";

type OnPress = (event: Event) => void;

export const quietButton = (name: string, onPress: OnPress): TemplateResult =>
	html`<button class="quiet" part="button" type="button" @click=${onPress}>${name}</button>`;

/** `pressed` is set for a toggle button only. */
export const toolButton = (
	name: string,
	icon: TemplateResult,
	onPress: OnPress,
	pressed?: boolean,
): TemplateResult =>
	html`<button class="tool" part=${pressed === undefined ? "button tool" : "button tool rating"} type="button" aria-label=${name} title=${name} aria-pressed=${pressed ?? nothing} @click=${onPress}>${icon}</button>`;
