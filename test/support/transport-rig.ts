/**
 * What a test of a connection needs around it: a session that records its events. The network of these tests is real, only time is not: `seen` waits for a
 * thing to happen, never for a time to pass.
 */
import type { Hello, ServerFrame } from "../../protocol/frames.ts";
import type {
	Transport,
	TransportFactory,
	TransportOptions,
} from "../../widget/transport/transport.ts";
import { type ManualClock, manualClock } from "./clock.ts";

/** The manual clock with `random` fixed at 0.5, so that a test knows every delay. */
export const evenClock = (): ManualClock =>
	Object.assign(manualClock(), { random: () => 0.5 });

/** Waits until `happened`, at most 3 s of real time. */
export async function seen(happened: () => unknown, what = `${happened}`) {
	for (const end = Date.now() + 3_000; Date.now() < end; await Bun.sleep(1))
		if (await happened()) return;
	throw new Error(`Never happened: ${what}`);
}

/** Waits until traffic on loopback has arrived, for claims that none does. */
export const lull = () => Bun.sleep(15);

export type Rig = ReturnType<typeof rig>;

/** A connection and the session that holds it: remembers frames, reads its cursor from them. */
export function rig(
	make: TransportFactory,
	url: string,
	more: Partial<TransportOptions> & {
		hello?: Partial<Hello>;
		clock?: ManualClock;
	} = {},
) {
	const clock = more.clock ?? evenClock();
	const frames: ServerFrame[] = [];
	const reported: string[] = [];
	const failed: string[] = [];
	const hello: Hello = { type: "hello", version: 1, after: 0, ...more.hello };
	let token = more.hello?.token;
	const events = {
		greet: () => ({ ...hello }),
		receive(frame: ServerFrame) {
			frames.push(frame);
			if (frame.type === "ready") {
				token = frame.token ?? token;
				if (frame.epoch !== (hello.epoch ?? frame.epoch)) hello.after = 0;
				hello.conversation = frame.conversation;
				hello.epoch = frame.epoch;
			} else if ("sequence" in frame) hello.after = frame.sequence;
		},
		dialing: (attempt: number) => reported.push(`dialing ${attempt}`),
		waiting: (until: number) => reported.push(`waiting ${until - clock.now()}`),
		refused: (code: string, text: string) =>
			reported.push(`refused ${code}: ${text}`),
		failed: (why: string) => failed.push(why),
		...more.events,
	};
	const transport: Transport = make({
		url,
		clock,
		token: () => token,
		memo: more.memo,
		events,
	});
	return {
		transport,
		clock,
		frames,
		reported,
		failed,
		hello,
		/** The frames as short words: `ready`, `3` for the event 3, `pong`, `error`. */
		words: () =>
			frames.map((frame) =>
				"sequence" in frame
					? `${frame.sequence}`
					: frame.type === "control"
						? "error"
						: frame.type,
			),
	};
}
