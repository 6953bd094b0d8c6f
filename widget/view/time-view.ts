/** The template of a message's time: formatted text, with a machine-readable timestamp. */
import { html, type TemplateResult } from "lit";
import { formatTime, timestampOf } from "../i18n/time-format.ts";

export const timeView = (at: number): TemplateResult =>
	html`<time part="time" dir="auto" datetime=${timestampOf(at)}>${formatTime(at)}</time>`;
