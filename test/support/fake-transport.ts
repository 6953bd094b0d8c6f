/**
 * A connection without a network: the test decides when it opens, what it receives and how it ends. A fake of our
 * own contract (widget/transport/transport.ts), for tests of its users.
 */
import type {
	ClientFrame,
	Hello,
	Ready,
	Send,
	ServerFrame,
} from "../../protocol/frames.ts";
import type {
	Transport,
	TransportFactory,
	TransportOptions,
} from "../../widget/transport/transport.ts";

export class FakeTransport implements Transport {
	readonly name = "websocket";
	readonly options: TransportOptions;
	/** The frames sent on it. */
	readonly heard: ClientFrame[] = [];
	redials = 0;
	/** The frames to resend over HTTP. */
	readonly resent: (readonly Send[])[] = [];
	isStopped = false;
	#isReady = false;

	constructor(options: TransportOptions) {
		this.options = options;
	}

	start() {
		this.options.events.dialing(1);
	}

	send(frame: ClientFrame): boolean {
		if (this.#isReady) this.heard.push(frame);
		return this.#isReady;
	}

	redial() {
		this.redials++;
		this.lose(100);
	}

	resendOverHttp(frames: readonly Send[]) {
		this.resent.push(frames);
	}

	stop() {
		this.#isReady = false;
		this.isStopped = true;
	}

	/** Opens, receives `hello` and answers. */
	up(ready: Partial<Ready> = {}): Hello {
		const hello = this.greet();
		if (!this.isStopped) this.say(readyFrame(ready));
		return hello;
	}

	greet(): Hello {
		this.options.events.dialing(1);
		const hello = this.options.events.greet();
		this.heard.push(hello);
		return hello;
	}

	say(...frames: ServerFrame[]) {
		for (const frame of frames) {
			if (this.isStopped)
				throw new Error("A stopped transport receives nothing.");
			if (frame.type === "ready") this.#isReady = true;
			this.options.events.receive(frame);
		}
	}

	lose(ms = 500) {
		this.#isReady = false;
		this.options.events.waiting(this.options.clock.now() + ms);
	}

	refuse(
		code: Parameters<TransportOptions["events"]["refused"]>[0],
		text = "No.",
	) {
		this.stop();
		this.options.events.refused(code, text);
	}

	/** The sent frames of one type. */
	sent<Type extends ClientFrame["type"]>(type: Type) {
		return this.heard.filter(
			(frame): frame is Extract<ClientFrame, { type: Type }> =>
				frame.type === type,
		);
	}
}

/** Makes connections and keeps them, the newest last. */
export function fakeTransports(): {
	transports: FakeTransport[];
	factory: TransportFactory;
} {
	const transports: FakeTransport[] = [];
	return {
		transports,
		factory(options) {
			const transport = new FakeTransport(options);
			transports.push(transport);
			return transport;
		},
	};
}

export const readyFrame = (ready: Partial<Ready> = {}): Ready => ({
	type: "ready",
	version: 1,
	conversation: "c1",
	epoch: "e1",
	head: 0,
	heartbeat: 15_000,
	limits: { content: 100 },
	...ready,
});
