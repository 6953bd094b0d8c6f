/**
 * What the element takes from the page around it: its wake-ups, its storage, its address and title.
 *
 * Every access is guarded, for the page may be a sandbox, restored from a cache, or hostile. Knows no
 * lit and no conversation.
 */
import { maxContextBytes } from "../protocol/frames.ts";

/** Whoever wants to know of the page's sleep and of the network. */
export type Sleeper = {
	wake(): void;
	sleep(): void;
	setOffline(offline: boolean): void;
};

export type Context = Record<string, unknown>;

/** Tells `sleeper` when the page falls asleep and wakes. Returns the call that ends it. */
export function watchPage(sleeper: Sleeper): () => void {
	const end = new AbortController();
	const { signal } = end;
	const wake = () => sleeper.wake();
	const shown = () => document.hidden || wake();
	document.addEventListener("visibilitychange", shown, { signal });
	document.addEventListener("resume", wake, { signal });
	window.addEventListener("pageshow", wake, { signal });
	// A page with an open socket may be kept out of the back/forward cache.
	window.addEventListener("pagehide", () => sleeper.sleep(), { signal });
	for (const type of ["online", "offline"] as const)
		window.addEventListener(
			type,
			() => sleeper.setOffline(type === "offline"),
			{ signal },
		);
	if (!navigator.onLine) sleeper.setOffline(true);
	return () => end.abort();
}

/** The page's own storage; `undefined` where the browser refuses it. */
export function pageStorage(
	kind: "localStorage" | "sessionStorage",
): Storage | undefined {
	try {
		return window[kind];
	} catch {
		// A sandboxed frame, or a visitor who wants none: the session keeps to memory.
		return undefined;
	}
}

/**
 * What the model is told of the page: what the page gives, or its address and title. Query and
 * fragment stay out of the address: they are where pages keep secrets. A context that cannot be
 * made or is too large is reported to the page and left out; the message goes without it.
 */
export function contextOf(
	given: Context | (() => Context | undefined) | undefined,
): Context | undefined {
	try {
		const { origin, pathname } = location;
		const context =
			(typeof given === "function" ? given() : given) ??
			({
				url: (origin + pathname).slice(0, 1000),
				title: document.title.slice(0, 200),
			} satisfies Context);
		const json = JSON.stringify(context);
		const { length } = new TextEncoder().encode(json);
		if (length <= maxContextBytes) return JSON.parse(json);
		throw new RangeError(
			`Expected a context of at most ${maxContextBytes} bytes of JSON; got ${length}. The message was sent without it.`,
		);
	} catch (error) {
		reportError(error);
		return undefined;
	}
}
