/**
 * The session that an element shows: one of its own, or the page's; held while the element is in the
 * page.
 *
 * Used by the element. It starts and stops the element's own session; the page's is the page's to
 * run.
 */

import {
	type Change,
	type ChatSession,
	createSession,
	type SessionOptions,
} from "../session/session.ts";
import { watchPage } from "./host-page.ts";

export class SessionBinding {
	current: ChatSession | undefined;
	/** The pieces of an answer that came since they were painted. */
	fresh: string[] = [];
	#own: ChatSession | undefined;
	#letGo: (() => void) | undefined;
	readonly #hear: (change: Change) => void;

	constructor(hear: (change: Change) => void) {
		this.#hear = (change) => {
			const event = change.type === "conversation" ? change.event : undefined;
			if (event?.type === "token") this.fresh.push(event.content);
			hear(change);
		};
	}

	/**
	 * Shows `given`, or a session made from `options`. `false`: it is shown already.
	 * @param leaving Called when the page may be going for good.
	 */
	attach(
		given: ChatSession | undefined,
		options: () => SessionOptions,
		leaving: () => void,
	): boolean {
		this.#own ??= given ? undefined : createSession(options());
		const session = given ?? (this.#own as ChatSession);
		if (session === this.current && this.#letGo) return false;
		this.detach();
		this.current = session;
		const isOwn = session === this.#own;
		const unsubscribe = session.subscribe(this.#hear);
		const unwatch = isOwn ? watchPage(session, options().url) : undefined;
		// Not every browser tells of the end; hiding comes before it.
		const end = new AbortController();
		const { signal } = end;
		window.addEventListener("pagehide", leaving, { signal });
		document.addEventListener("visibilitychange", leaving, { signal });
		this.#letGo = () => {
			end.abort();
			unsubscribe();
			unwatch?.();
		};
		return true;
	}

	/** To be called when all is ready to hear. */
	start() {
		if (this.current === this.#own) this.#own?.start();
	}

	/** `forget`: the next one is made anew. */
	detach(forget = false) {
		this.#letGo?.();
		this.#letGo = undefined;
		this.#own?.stop();
		if (forget) this.#own = undefined;
	}
}
