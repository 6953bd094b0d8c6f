/** The page's Web Storage, where the browser allows it. */

/** `undefined` in a sandboxed frame, and where the visitor blocks storage: the session keeps its state in memory. */
export function pageStorage(
	kind: "localStorage" | "sessionStorage",
): Storage | undefined {
	try {
		return window[kind];
	} catch {
		return undefined;
	}
}
