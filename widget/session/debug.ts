/**
 * Reports what a session's connection does to the page's `debug` function, with credentials redacted.
 *
 * It only observes: neither the function's result nor an error from it reaches the session.
 */
import type { ClientFrame, ServerFrame } from "../../protocol/frames.ts";
import type { Transport, TransportFactory } from "../transport/transport.ts";

export type Debug = (entry: string, detail?: unknown) => void;

/** Calls `debug`. Errors from it go to the page's own error handler. */
export function report(
	debug: Debug | undefined,
	entry: string,
	detail: unknown,
) {
	try {
		debug?.(entry, detail);
	} catch (error) {
		queueMicrotask(() => {
			throw error;
		});
	}
}

/** A factory of transports that report each frame they send or receive. */
export const traced =
	(make: TransportFactory, debug: Debug): TransportFactory =>
	(options) => {
		const { events } = options;
		const sent = (frame: ClientFrame) => report(debug, "sent", redact(frame));
		const transport = make({
			...options,
			events: {
				...events,
				greet() {
					const hello = events.greet();
					sent(hello);
					return hello;
				},
				receive(frame) {
					report(debug, "received", redact(frame));
					events.receive(frame);
				},
			},
		});
		return observe(transport, sent);
	};

function observe(
	transport: Transport,
	sent: (frame: ClientFrame) => void,
): Transport {
	return {
		get name() {
			return transport.name;
		},
		get fallbacks() {
			return transport.fallbacks ?? 0;
		},
		start: () => transport.start(),
		stop: () => transport.stop(),
		redial: (why) => transport.redial(why),
		send(frame) {
			const isSent = transport.send(frame);
			if (isSent) sent(frame);
			return isSent;
		},
		resendOverHttp(frames) {
			frames.forEach(sent);
			transport.resendOverHttp?.(frames);
		},
	};
}

/** `hello` and `ready` are the frames with a credential. */
const redact = (frame: ClientFrame | ServerFrame) =>
	"token" in frame && frame.token !== undefined
		? { ...frame, token: "redacted" }
		: frame;
