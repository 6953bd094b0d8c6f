/**
 * The other end of a WebSocket, controlled by a test: a real server on loopback that misbehaves, and a socket
 * without a server for events that no network produces on demand.
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

/** Listens on a free port until `stop()`. */
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
		/** The requested subprotocols, one entry per connection. */
		protocols,
		stop: () => server.stop(true),
	};
}

/** A socket that opens, receives and closes when the test calls it. */
export class FakeSocket extends EventTarget {
	readyState = 0;
	binaryType = "blob";
	/** The texts sent on it. */
	readonly heard: ClientFrame[] = [];
	closedWith: number | undefined;
	readonly url: string;
	readonly protocol: string;

	constructor(url: string, protocol: string) {
		super();
		this.url = url;
		this.protocol = protocol;
	}

	/** Replaces the global `WebSocket`; returns the list to which each new socket is added. */
	static install(sockets: FakeSocket[] = []): FakeSocket[] {
		globalThis.WebSocket = class extends FakeSocket {
			constructor(url: string, protocol: string) {
				super(url, protocol);
				sockets.push(this);
			}
		} as unknown as typeof WebSocket;
		return sockets;
	}

	/** Like a half-open socket it does not report its end; the test does. */
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

	/** Like a browser: an abnormal end fires an error and then a close. */
	end(code: number) {
		this.readyState = 3;
		if (code === 1006) this.dispatchEvent(new Event("error"));
		this.dispatchEvent(new CloseEvent("close", { code }));
	}
}
