/**
 * When the element updates: at most once per animation frame, and its preparations when the browser is
 * idle. It knows neither lit nor the session.
 */

/** Hidden tabs have no frames, and not every browser reports idle time: after this long, in ms, a timer fires. */
const latestMs = 250;

/** Resolves in the next animation frame, at the latest after 250 ms. */
export function nextPaint(): Promise<void> {
	return new Promise((resolve) => {
		const paint = () => {
			clearTimeout(timer);
			cancelAnimationFrame(frame);
			resolve();
		};
		// An iframe scrolled out of view has no frames either, and `document.hidden` is false there. A tab
		// may also be hidden after the request. So the timer always runs.
		const timer = setTimeout(paint, latestMs);
		const frame = requestAnimationFrame(paint);
	});
}

/** Calls back when the browser is idle; after 250 ms where it does not report that. */
export function whenIdle(callback: () => void) {
	if ("requestIdleCallback" in window) requestIdleCallback(callback);
	else setTimeout(callback, latestMs);
}
