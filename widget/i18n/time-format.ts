/**
 * Formats times and days in the language of the interface and the visitor's time zone.
 *
 * Formatters are created lazily and cached, because constructing them is expensive.
 */
/** The last time that a `Date` can hold. A server with wrong units must not break the page. */
const latest = 8.64e15;

let locale: string | undefined;
let clock: Intl.DateTimeFormat | undefined;
let calendar: Intl.DateTimeFormat | undefined;
let relative: Intl.RelativeTimeFormat | undefined;

/** @param tag A BCP 47 tag; `undefined` for the browser's language. */
export function setTimeLocale(tag: string | undefined) {
	locale = tag;
	clock = calendar = relative = undefined;
}

const dateOf = (at: number): Date => new Date(Math.min(at, latest));

export function formatTime(at: number): string {
	clock ??= new Intl.DateTimeFormat(locale, { timeStyle: "short" });
	return clock.format(dateOf(at));
}

/** For `<time datetime>`. */
export const timestampOf = (at: number): string => dateOf(at).toISOString();

/** Equal for all times of one day. */
export const dayKey = (at: number): string => dateOf(at).toDateString();

/** "today", "yesterday", or the date. */
export function formatDay(at: number, now: number): string {
	const midnight = (time: number) => dateOf(time).setHours(0, 0, 0, 0);
	// Rounded, because some days have 23 or 25 hours.
	const days = Math.round((midnight(at) - midnight(now)) / 86_400_000);
	if (days === 0 || days === -1) {
		relative ??= new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
		return relative.format(days, "day");
	}
	calendar ??= new Intl.DateTimeFormat(locale, { dateStyle: "full" });
	return calendar.format(dateOf(at));
}
