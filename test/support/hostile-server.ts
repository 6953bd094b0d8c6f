/**
 * The other end of a WebSocket line, played by a test: a real server on the loopback that does what
 * no good one would, and a socket without any server, for what no network does on demand.
 */
import type { Server, ServerWebSocket } from "bun";
import { decodeClientFrame } from "../../protocol/client-frames.ts";
import {
	type ClientFrame,
	encode,
	type ServerFrame,
} from "../../protocol/frames.ts";

export type HostileScript = {
	open?(socket: ServerWebSocket<undefined>): void;
	frame?(frame: ClientFrame, socket: ServerWebSocket<undefined>): void;
	/** The status for upgrade requests. */
	refuseUpgrade?: number;
};

/** Listens until `stop()`, on a port of the machine's choice. */
export function hostileServer(script: HostileScript) {
	const protocols: (string | null)[] = [];
	const server: Server<undefined> = Bun.serve({
		hostname: "127.0.0.1",
		port: 0,
		fetch(request, server) {
			if (script.refuseUpgrade)
				return new Response("no", { status: script.refuseUpgrade });
			protocols.push(request.headers.get("Sec-WebSocket-Protocol"));
			if (server.upgrade(request)) return undefined;
			return new Response("a WebSocket, please", { status: 426 });
		},
		websocket: {
			open: (socket) => script.open?.(socket),
			message: (socket, data) =>
				script.frame?.(decodeClientFrame(data), socket),
		},
	});
	return {
		url: `http://127.0.0.1:${server.port}/chat`,
		/** The subprotocols asked for, an entry for each line. */
		protocols,
		stop: () => server.stop(true),
	};
}

/** A socket that opens, speaks and ends when the test says so. */
export class FakeSocket extends EventTarget {
	readyState = 0;
	binaryType = "blob";
	/** What was sent on it. */
	readonly heard: ClientFrame[] = [];
	closedWith: number | undefined;
	readonly url: string;
	readonly protocol: string;

	constructor(url: string, protocol: string) {
		super();
		this.url = url;
		this.protocol = protocol;
	}

	/** Puts it in the place of `WebSocket`; returns the sockets made, as they are made. */
	static install(sockets: FakeSocket[] = []): FakeSocket[] {
		globalThis.WebSocket = class extends FakeSocket {
			constructor(url: string, protocol: string) {
				super(url, protocol);
				sockets.push(this);
			}
		} as unknown as typeof WebSocket;
		return sockets;
	}

	/** Like a half-open socket it says nothing of its end: the test does. */
	close(code = 1000) {
		if (this.closedWith === undefined) this.closedWith = code;
		this.readyState = 2;
	}

	send(data: string) {
		if (this.readyState !== 1) throw new Error("Sent on a socket not open.");
		this.heard.push(decodeClientFrame(data));
	}

	open() {
		this.readyState = 1;
		this.dispatchEvent(new Event("open"));
	}

	say(frame: ServerFrame) {
		this.sayRaw(encode(frame));
	}

	sayRaw(data: unknown) {
		this.dispatchEvent(new MessageEvent("message", { data }));
	}

	/** As browsers do it: an abnormal end is an error and then a close. */
	end(code: number) {
		this.readyState = 3;
		if (code === 1006) this.dispatchEvent(new Event("error"));
		this.dispatchEvent(new CloseEvent("close", { code }));
	}
}
