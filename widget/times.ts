/**
 * When something was said, in the language of the words around it and the visitor's own zone.
 *
 * Used by the templates. Formatters are made once, at the first need: they are dear.
 */
import { html, type TemplateResult } from "lit";

let locale: string | undefined;
let clock: Intl.DateTimeFormat | undefined;
let calendar: Intl.DateTimeFormat | undefined;
let nearness: Intl.RelativeTimeFormat | undefined;

/** @param tag As BCP 47 has it; `undefined` for the browser's own language. */
export function timesIn(tag: string | undefined) {
	locale = tag;
	clock = calendar = nearness = undefined;
}

export function timeOf(at: number): string {
	clock ??= new Intl.DateTimeFormat(locale, { timeStyle: "short" });
	return clock.format(at);
}

export const timeView = (at: number): TemplateResult =>
	html`<time part="time" dir="auto" datetime=${new Date(at).toISOString()}>${timeOf(at)}</time>`;

/** The same for all times of one day, and for no other. */
export const dayOf = (at: number): string => new Date(at).toDateString();

/** "today", "yesterday", or the date. */
export function dayName(at: number, now: number): string {
	const midnight = (time: number) => new Date(time).setHours(0, 0, 0, 0);
	// Rounded, for some days have 23 hours.
	const days = Math.round((midnight(at) - midnight(now)) / 86_400_000);
	if (days === 0 || days === -1) {
		nearness ??= new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
		return nearness.format(days, "day");
	}
	calendar ??= new Intl.DateTimeFormat(locale, { dateStyle: "full" });
	return calendar.format(at);
}
