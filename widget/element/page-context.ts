/**
 * The context of a message: page information for the model.
 *
 * The page's own function may throw or return anything, and no error of it may keep a message back.
 */
import { maxContextBytes } from "../../protocol/sizes.ts";

export type Context = Record<string, unknown>;

/**
 * The page's own context, or the page's address and title. The default address has no query and no
 * fragment, because pages keep secrets there. A context that throws or is too large is reported to the
 * page's error handler, and the message is sent without it.
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
