/** The time of a message: in words for the visitor, as a timestamp for machines. */
import { html, type TemplateResult } from "lit";
import { formatTime, timestampOf } from "../i18n/time-format.ts";

export const timeView = (at: number): TemplateResult =>
	html`<time part="time" dir="auto" datetime=${timestampOf(at)}>${formatTime(at)}</time>`;
