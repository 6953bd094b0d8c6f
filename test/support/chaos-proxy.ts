/**
 * A bad network for tests: a proxy on loopback between a client and one HTTP server.
 *
 * On the byte level it delays, slows, slices, holds back and cuts. On the HTTP level it acts like real middleboxes:
 * rejected or swallowed upgrades, buffered streams, captive portals. Random numbers come from a seed. Every request
 * except an upgrade has its own connection, so that toxics apply at once.
 */
import { createHash } from "node:crypto";
import {
	createServer,
	connect as dial,
	type Server,
	type Socket,
} from "node:net";
import { type Cut, Net, Pipe, type Toxics } from "./chaos-net.ts";
import { Reshaper } from "./chaos-reshaper.ts";

export type ChaosProxy = Awaited<ReturnType<typeof chaosProxy>>;

const maxHeadBytes = 65_536;

export async function chaosProxy(options: { target: number; seed?: number }) {
	const net = new Net(options.target, options.seed ?? 1);
	const server = createServer(
		{ allowHalfOpen: true, noDelay: true },
		(client) => net.add(new Connection(client, net)),
	);
	const port = await listen(server);
	return {
		port,
		url: `http://127.0.0.1:${port}`,
		stats: net.stats,
		/** Replaces all toxics, for open connections, too. */
		set: (toxics: Toxics) => net.set(toxics),
		heal: () => net.set({}),
		/** Cuts every open connection. */
		cut: (how: Cut = "reset") => net.cut(how),
		async close() {
			net.cut("reset");
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

function listen(server: Server): Promise<number> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(0, "127.0.0.1", () => {
			const address = server.address();
			if (address && typeof address === "object") resolve(address.port);
		});
	});
}

class Connection {
	readonly gone: Promise<void>;
	readonly #net: Net;
	readonly #client: Socket;
	readonly #up: Pipe;
	readonly #down: Pipe;
	#upstream: Socket | undefined;
	/** The head of the request received so far; empty once it is parsed. */
	#head: Buffer | undefined = Buffer.alloc(0);
	#isSocket = false;
	#hasGreeted = false;
	#bytesDown = 0;
	#isOver = false;
	readonly #end: () => void;
	#cutTimer: ReturnType<typeof setTimeout> | undefined;

	constructor(client: Socket, net: Net) {
		this.#client = client;
		this.#net = net;
		const { promise, resolve } = Promise.withResolvers<void>();
		this.gone = promise;
		this.#end = resolve;
		this.#up = new Pipe(
			net,
			"up",
			promise,
			() => this.#client,
			(bytes) => this.#onRequest(bytes),
		);
		this.#down = new Pipe(
			net,
			"down",
			promise,
			() => this.#upstream,
			(bytes) => this.#toClient(bytes),
		);
		client.on("data", (bytes: Buffer) => this.#up.push(bytes));
		client.on("end", () => this.#up.push(() => this.#upstream?.end()));
		client.on("error", () => this.#up.push(() => this.#over("reset")));
		client.on("close", () => this.#up.push(() => this.#over("end")));
	}

	cut(how: Cut) {
		if (this.#isOver) return;
		this.#net.stats.cuts++;
		this.#over(how);
	}

	/** Closes both sides. */
	#over(how: Cut) {
		if (this.#isOver) return;
		this.#isOver = true;
		clearTimeout(this.#cutTimer);
		for (const socket of [this.#client, this.#upstream]) {
			if (!socket || socket.destroyed) continue;
			if (how === "reset") socket.resetAndDestroy();
			else {
				socket.end();
				// Bytes that still arrive are read: closing with unread bytes would send an RST.
				setTimeout(() => socket.destroy(), 100).unref();
			}
		}
		this.#end();
	}

	async #onRequest(bytes: Buffer) {
		if (this.#isOver) return;
		this.#net.stats.bytesUp += bytes.length;
		if (!this.#head) {
			const isLost = this.#hasGreeted && this.#net.toxics.deafSockets;
			this.#hasGreeted = this.#isSocket;
			if (this.#upstream && !isLost) await write(this.#upstream, bytes);
			return;
		}
		const head = Buffer.concat([this.#head, bytes]);
		this.#head = head;
		const end = head.indexOf("\r\n\r\n");
		if (end < 0) {
			if (head.length > maxHeadBytes) this.#over("reset");
			return;
		}
		this.#head = undefined;
		this.#route(head.toString("latin1", 0, end), head.subarray(end + 4));
	}

	#route(head: string, rest: Buffer) {
		const { toxics, stats } = this.#net;
		const [line = "", ...headers] = head.split("\r\n");
		const [method = "", path = ""] = line.split(" ");
		const isUpgrade = headers.some((header) => /^upgrade:/i.test(header));
		stats.requests.push(`${method} ${path}`);
		const rule = Object.entries(toxics.answers ?? {}).find(([start]) =>
			path.startsWith(start),
		);
		if (toxics.portal) return this.#answer(200, portalHeaders, portalPage);
		if (rule)
			return this.#answer(rule[1].status, rule[1].headers, rule[1].body);
		if (isUpgrade && typeof toxics.upgrade === "number")
			return this.#answer(toxics.upgrade, portalHeaders, "<h1>No.</h1>");
		if (isUpgrade && toxics.upgrade === "swallow")
			return this.#swallow(headers);
		const kept = headers.filter((header) => !/^connection:/i.test(header));
		const sent = isUpgrade ? headers : [...kept, "Connection: close"];
		this.#connect(
			Buffer.concat([
				Buffer.from(`${[line, ...sent].join("\r\n")}\r\n\r\n`, "latin1"),
				rest,
			]),
			isUpgrade,
		);
	}

	#connect(request: Buffer, isUpgrade: boolean) {
		this.#isSocket = isUpgrade;
		const { toxics, target } = this.#net;
		const reshape = new Reshaper(toxics.stream, (bytes) =>
			this.#down.push(bytes),
		);
		const upstream = dial({
			port: target,
			host: "127.0.0.1",
			allowHalfOpen: true,
			noDelay: true,
		});
		this.#upstream = upstream;
		upstream.write(request);
		upstream.on("data", (bytes: Buffer) => {
			reshape.write(bytes);
			if (isUpgrade || reshape.isStream) this.#age();
		});
		upstream.on("end", () =>
			reshape.end(() => this.#down.push(() => this.#over("end"))),
		);
		upstream.on("error", () => this.#down.push(() => this.#over("reset")));
	}

	#age() {
		const { cutStreamAfterMs } = this.#net.toxics;
		if (cutStreamAfterMs === undefined) return;
		this.#cutTimer ??= setTimeout(
			() => this.cut(this.#net.toxics.cutHow ?? "reset"),
			cutStreamAfterMs,
		);
	}

	#answer(status: number, headers = {}, body = "") {
		const bytes = Buffer.from(body);
		const head = [
			`HTTP/1.1 ${status} Chaos`,
			...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
			`Content-Length: ${bytes.length}`,
			"Connection: close",
		].join("\r\n");
		this.#down.push(Buffer.concat([Buffer.from(`${head}\r\n\r\n`), bytes]));
		this.#down.push(() => this.#over("end"));
	}

	#swallow(headers: string[]) {
		const key = headerOf(headers, "sec-websocket-key");
		const accept = createHash("sha1")
			.update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
			.digest("base64");
		const protocol = headerOf(headers, "sec-websocket-protocol").split(",")[0];
		const answer = [
			"HTTP/1.1 101 Switching Protocols",
			"Upgrade: websocket",
			"Connection: Upgrade",
			`Sec-WebSocket-Accept: ${accept}`,
			...(protocol ? [`Sec-WebSocket-Protocol: ${protocol}`] : []),
		].join("\r\n");
		this.#down.push(Buffer.from(`${answer}\r\n\r\n`));
	}

	async #toClient(bytes: Buffer) {
		if (this.#isOver) return;
		const { cutAfterBytes = Number.POSITIVE_INFINITY, cutHow } =
			this.#net.toxics;
		const room = Math.max(0, cutAfterBytes - this.#bytesDown);
		const passed = bytes.subarray(0, room);
		this.#bytesDown += passed.length;
		this.#net.stats.bytesDown += passed.length;
		await write(this.#client, passed);
		if (passed.length === bytes.length && room > bytes.length) return;
		// An RST discards bytes that the kernel has not sent yet, so they must arrive first.
		await new Promise((resolve) => setTimeout(resolve, 5));
		this.cut(cutHow ?? "reset");
	}
}

const portalHeaders = { "Content-Type": "text/html; charset=utf-8" };
const portalPage =
	"<!doctype html><title>Welcome</title><h1>Please log in</h1>";

/** Resolves when the socket can take more bytes, or has closed. */
function write(socket: Socket, bytes: Buffer): Promise<void> | undefined {
	if (bytes.length === 0 || socket.destroyed || socket.write(bytes)) return;
	return new Promise((resolve) => {
		socket.once("drain", resolve);
		socket.once("close", () => resolve());
	});
}

function headerOf(headers: string[], name: string): string {
	const found = headers.find((header) =>
		header.toLowerCase().startsWith(`${name}:`),
	);
	return found?.slice(name.length + 1).trim() ?? "";
}
