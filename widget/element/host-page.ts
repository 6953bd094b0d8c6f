/**
 * What the element takes from the page around it: its wake-ups, its storage, its address and title.
 *
 * Every access is guarded, for the page may be a sandbox, restored from a cache, or hostile. Knows no
 * lit and nothing of what is said.
 */
import { maxContextBytes } from "../../protocol/sizes.ts";
import { strings } from "../i18n/strings.ts";
import type { ChatSession } from "../session/types.ts";

/** Whoever wants to know of the page's sleep and of the network. */
export type Sleeper = Pick<
	ChatSession,
	"wake" | "sleep" | "setOffline" | "giveUp" | "diagnostics" | "pending"
>;

export type Context = Record<string, unknown>;

/** A page that nobody can see keeps a line over HTTP for so long. */
const unseenMs = 10_000;

/**
 * Tells `sleeper` when the page falls asleep and wakes, and when its policy forbids to talk to
 * `server`. Returns the call that ends it.
 */
export function watchPage(sleeper: Sleeper, server: string): () => void {
	const end = new AbortController();
	const { signal } = end;
	const wake = () => sleeper.wake();
	let unseen: ReturnType<typeof setInterval> | undefined;
	const look = () => {
		clearInterval(unseen);
		if (document.hidden) unseen = setInterval(() => rest(sleeper), unseenMs);
	};
	const shown = () => {
		look();
		if (!document.hidden) wake();
	};
	look();
	signal.addEventListener("abort", () => clearInterval(unseen));
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
	// Another tab has begun a conversation.
	const kept = ({ key }: StorageEvent) => key?.endsWith(" identity") && wake();
	window.addEventListener("storage", kept, { signal });
	const { origin } = new URL(server);
	const violated = (violation: SecurityPolicyViolationEvent) => {
		const { blockedURI, disposition, effectiveDirective } = violation;
		// Where only WebSockets are forbidden there are other ways.
		if (
			disposition === "enforce" &&
			effectiveDirective === "connect-src" &&
			originOf(blockedURI) === origin
		)
			sleeper.giveUp("unavailable", strings.forbiddenByPage);
	};
	document.addEventListener("securitypolicyviolation", violated, { signal });
	if (!navigator.onLine) sleeper.setOffline(true);
	return () => end.abort();
}

/**
 * Lets go of a line over HTTP, which is one of the six connections that a browser has for a server and
 * all its tabs: six tabs in the background would leave none for the one in front.
 */
function rest(sleeper: Sleeper) {
	const { transport } = sleeper.diagnostics();
	const isBusy = sleeper.pending.some(({ state }) => state === "sending");
	if (transport && transport !== "websocket" && !isBusy) sleeper.sleep();
}

const originOf = (address: string) =>
	URL.canParse(address) ? new URL(address).origin : undefined;

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
export function messageContext(
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
