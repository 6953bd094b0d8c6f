/**
 * Passes the page's lifecycle to a session: hidden and shown pages, the back/forward cache, the
 * network, other tabs, and a Content Security Policy that blocks the server.
 *
 * It knows neither lit nor the conversation.
 */
import { strings } from "../i18n/strings.ts";
import type { ChatSession } from "../session/types.ts";

/** The part of a session that depends on the page's lifecycle. */
export type LifecycleSession = Pick<
	ChatSession,
	"wake" | "sleep" | "setOffline" | "giveUp" | "diagnostics" | "pending"
>;

/** A hidden page closes its HTTP connection after this long, in ms. */
const hiddenMs = 10_000;

/** Watches the page for `session`, whose server is `server`. Returns a function that stops it. */
export function watchPageLifecycle(
	session: LifecycleSession,
	server: string,
): () => void {
	const end = new AbortController();
	const { signal } = end;
	const wake = () => session.wake();
	let hidden: ReturnType<typeof setInterval> | undefined;
	const checkVisibility = () => {
		clearInterval(hidden);
		if (document.hidden)
			hidden = setInterval(() => closeHttpConnection(session), hiddenMs);
	};
	const visibilityChanged = () => {
		checkVisibility();
		if (!document.hidden) wake();
	};
	checkVisibility();
	signal.addEventListener("abort", () => clearInterval(hidden));
	document.addEventListener("visibilitychange", visibilityChanged, { signal });
	document.addEventListener("resume", wake, { signal });
	window.addEventListener("pageshow", wake, { signal });
	// An open socket can keep a page out of the back/forward cache.
	window.addEventListener("pagehide", () => session.sleep(), { signal });
	for (const type of ["online", "offline"] as const)
		window.addEventListener(
			type,
			() => session.setOffline(type === "offline"),
			{ signal },
		);
	// Another tab stored new credentials, so the conversation may be another one.
	const stored = ({ key }: StorageEvent) =>
		key?.endsWith(" identity") && wake();
	window.addEventListener("storage", stored, { signal });
	const { origin } = new URL(server);
	const violated = (violation: SecurityPolicyViolationEvent) => {
		const { blockedURI, disposition, effectiveDirective } = violation;
		// A policy that blocks only WebSockets (ws:) still allows the HTTP transports.
		if (
			disposition === "enforce" &&
			effectiveDirective === "connect-src" &&
			originOf(blockedURI) === origin
		)
			session.giveUp("unavailable", strings.forbiddenByPage);
	};
	document.addEventListener("securitypolicyviolation", violated, { signal });
	if (!navigator.onLine) session.setOffline(true);
	return () => end.abort();
}

/**
 * A browser opens at most six HTTP/1.1 connections to one server, for all tabs together. Six hidden
 * tabs would leave none for the visible one. A connection that still sends is kept until the next check.
 */
function closeHttpConnection(session: LifecycleSession) {
	const { transport } = session.diagnostics();
	const isBusy = session.pending.some(({ state }) => state === "sending");
	if (transport && transport !== "websocket" && !isBusy) session.sleep();
}

const originOf = (address: string) =>
	URL.canParse(address) ? new URL(address).origin : undefined;
