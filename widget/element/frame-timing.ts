/**
 * When to paint: once per animation frame, however many tokens came in between. And when not to.
 *
 * The element waits for it before every update but its first. Knows no lit and no session.
 */

/** A frame that does not come within this time is not waited for: hidden tabs have none. */
const latestMs = 250;

/** Resolves in the next animation frame, or by a timer where frames stand still. */
export function nextPaint(): Promise<void> {
	return new Promise((resolve) => {
		const paint = () => {
			clearTimeout(timer);
			cancelAnimationFrame(frame);
			resolve();
		};
		// Frames also stand still in a frame scrolled out of view, which `document.hidden` does not
		// tell, and in a tab hidden after the request: so the timer runs always.
		const timer = setTimeout(paint, latestMs);
		const frame = requestAnimationFrame(paint);
	});
}

/** Calls back when the page has nothing else to do; after a while, where the browser does not tell. */
export function whenIdle(callback: () => void) {
	if ("requestIdleCallback" in window) requestIdleCallback(callback);
	else setTimeout(callback, latestMs);
}
