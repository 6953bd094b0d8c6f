/**
 * When something was said, in the language of the words around it and the visitor's own zone.
 *
 * Formatters are created lazily and cached, because constructing them is expensive.
 */
/** The last moment that there is a date for. A server may count in other units, and must not end the page. */
const latest = 8.64e15;

let locale: string | undefined;
let clock: Intl.DateTimeFormat | undefined;
let calendar: Intl.DateTimeFormat | undefined;
let nearness: Intl.RelativeTimeFormat | undefined;

/** @param tag As BCP 47 has it; `undefined` for the browser's own language. */
export function setTimeLocale(tag: string | undefined) {
	locale = tag;
	clock = calendar = nearness = undefined;
}

const dateOf = (at: number): Date => new Date(Math.min(at, latest));

export function formatTime(at: number): string {
	clock ??= new Intl.DateTimeFormat(locale, { timeStyle: "short" });
	return clock.format(dateOf(at));
}

/** The moment for machines, as `<time datetime>` takes it. */
export const timestampOf = (at: number): string => dateOf(at).toISOString();

/** The same for all times of one day, and for no other. */
export const dayKey = (at: number): string => dateOf(at).toDateString();

/** "today", "yesterday", or the date. */
export function formatDay(at: number, now: number): string {
	const midnight = (time: number) => dateOf(time).setHours(0, 0, 0, 0);
	// Rounded, for some days have 23 hours.
	const days = Math.round((midnight(at) - midnight(now)) / 86_400_000);
	if (days === 0 || days === -1) {
		nearness ??= new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
		return nearness.format(days, "day");
	}
	calendar ??= new Intl.DateTimeFormat(locale, { dateStyle: "full" });
	return calendar.format(dateOf(at));
}
