/**
 * Binds the element to a session: its own, which it starts and stops, or the page's, which it only
 * subscribes to.
 *
 * It knows when a session is shown. What a change of the session means is decided in notifications.ts.
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import {
	type Change,
	type ChatSession,
	createSession,
	type SessionOptions,
} from "../session/session.ts";
import { watchPageLifecycle } from "./page-lifecycle.ts";

export type BindingCallbacks = {
	/** Options for a session of the element's own. */
	options(): SessionOptions;
	/** Another session is shown. If it is the element's own, it starts after this call. */
	attached(session: ChatSession): void;
	changed(change: Change, session: ChatSession): void;
	/** The page is hidden or the session is no longer shown. Not every browser reports the end of a page. */
	leaving(session: ChatSession): void;
	detached(): void;
};

type Host = ReactiveControllerHost & { readonly isConnected: boolean };

export class SessionBinding implements ReactiveController {
	current: ChatSession | undefined;
	/** Texts of the tokens that arrived since the last update. */
	newTokens: string[] = [];
	#own: ChatSession | undefined;
	#unbind: (() => void) | undefined;
	readonly #host: Host;
	readonly #callbacks: BindingCallbacks;

	constructor(host: Host, callbacks: BindingCallbacks) {
		this.#host = host;
		this.#callbacks = callbacks;
		host.addController(this);
	}

	hostUpdated() {
		this.newTokens = [];
	}

	hostDisconnected() {
		// A move within the page disconnects and reconnects at once: the connection survives it.
		setTimeout(() => this.#host.isConnected || this.detach());
	}

	/** Shows `given`, or a session of the element's own. Twice is fine. */
	attach(given: ChatSession | undefined) {
		const { options, attached, leaving } = this.#callbacks;
		this.#own ??= given ? undefined : createSession(options());
		const session = given ?? this.#own;
		if (!session || (session === this.current && this.#unbind)) return;
		this.#release();
		this.current = session;
		const isOwn = session === this.#own;
		const unsubscribe = session.subscribe((change) =>
			this.#changed(change, session),
		);
		const unwatch = isOwn
			? watchPageLifecycle(session, options().url)
			: undefined;
		const end = new AbortController();
		const { signal } = end;
		const leave = () => leaving(session);
		window.addEventListener("pagehide", leave, { signal });
		document.addEventListener("visibilitychange", leave, { signal });
		this.#unbind = () => {
			end.abort();
			unsubscribe();
			unwatch?.();
		};
		attached(session);
		if (isOwn) session.start();
	}

	/** `forget` also drops the element's own session: `attach` makes a new one. */
	detach(forget = false) {
		if (this.current) this.#callbacks.leaving(this.current);
		this.#release();
		if (forget) this.#own = undefined;
		this.#callbacks.detached();
	}

	#release() {
		this.#unbind?.();
		this.#unbind = undefined;
		this.#own?.stop();
	}

	#changed(change: Change, session: ChatSession) {
		const event = change.type === "conversation" ? change.event : undefined;
		if (event?.type === "token") this.newTokens.push(event.content);
		this.#callbacks.changed(change, session);
	}
}
