/**
 * `npx bun bench/attack.ts [--seconds 15] [--project .]`: how long a visitor waits while another one attacks.
 *
 * The attacker has a log of 60,000 events and 40 connections. They send 90 frames a second each: retries of no
 * question, repeated sends, alternating ratings, and hellos that read the log from its start. The visitor
 * measures pings and the health endpoint. `--project` compares another checkout.
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import {
	endServers,
	own,
	startProgram,
	tempFolder,
} from "../test/support/server.ts";

const events = 60_000;
const connections = 40;
const framesPerTick = 9;
const tickMs = 100;

type Attack = {
	url: string;
	token: string;
	conversation: string;
	asked: string;
	reply: string;
};

async function post(url: string, path: string, body: object, token?: string) {
	const headers = { ...(token && { Authorization: `Bearer ${token}` }) };
	const request = { method: "POST", headers, body: JSON.stringify(body) };
	return (await fetch(`${url}/chat${path}`, request)).json();
}

function open(url: string, hello: object): Promise<WebSocket> {
	const socket = new WebSocket(
		`${url.replace("http", "ws")}/chat`,
		"chat-stream.v1",
	);
	return new Promise((done) => {
		socket.onopen = () => {
			socket.send(JSON.stringify({ type: "hello", version: 1, ...hello }));
			done(socket);
		};
		socket.onclose = () => done(socket);
	});
}

/** Runs in a process of its own until it is killed. A connection that is closed is opened again. */
async function attack({ url, token, conversation, asked, reply }: Attack) {
	const isOpen = (socket: WebSocket | undefined) =>
		socket?.readyState === WebSocket.OPEN;
	const frames = [
		(i: number) => ({ type: "retry", message: `none ${i}` }),
		() => ({ type: "send", id: asked, content: "n 3 0" }),
		(i: number) => ({
			type: "feedback",
			message: reply,
			value: i % 2 ? "up" : "down",
		}),
	];
	const greeting = { token, conversation };
	const run = async (index: number) => {
		let socket: WebSocket | undefined;
		for (let i = 0; ; i++) {
			const after = index % 4 === 0 ? 0 : events;
			if (!isOpen(socket)) socket = await open(url, { ...greeting, after });
			for (let n = 0; n < framesPerTick && socket && isOpen(socket); n++) {
				const make = frames[(i + n) % frames.length];
				const frame =
					index % 4 === 0 && n === 0
						? { type: "hello", version: 1, ...greeting, after }
						: make?.(i * framesPerTick + n);
				socket.send(JSON.stringify(frame));
			}
			await Bun.sleep(tickMs);
		}
	};
	await Promise.all(Array.from({ length: connections }, (_, i) => run(i)));
}

async function measure() {
	const { values } = parseArgs({
		options: {
			seconds: { type: "string", default: "15" },
			project: { type: "string", default: join(import.meta.dir, "..") },
		},
	});
	const project = resolve(values.project);
	const folder = tempFolder();
	const store = `sqlite:${join(folder, "chat.db")}`;
	const start = () =>
		startProgram(
			{ CHAT_STORE: store },
			[process.execPath, join(project, "server/main.ts")],
			folder,
		);

	let program = await start();
	const me = await post(program.url, "/frames", { type: "hello", version: 1 });
	const { token, conversation } = me;
	const asked = crypto.randomUUID();
	const { message: reply } = await post(
		program.url,
		"/messages",
		{ id: asked, content: "n 3 0", conversation },
		token,
	);
	program.signal("SIGTERM");
	await program.exited;
	await lengthen(project, store, conversation, reply);

	program = await start();
	const { url } = program;
	const other = await open(url, {});
	const calm = await wait(url, other, 3);
	const task = JSON.stringify({ url, token, conversation, asked, reply });
	const attacker = Bun.spawn([process.execPath, import.meta.path, task]);
	own(attacker);
	await Bun.sleep(1_000);
	const attacked = await wait(url, other, Number(values.seconds));
	attacker.kill();
	console.log(JSON.stringify({ project, calm, attacked }));
}

/** Appends ratings to the log of the attacker, as many as a server without limits would store. */
async function lengthen(
	project: string,
	url: string,
	conversation: string,
	message: string,
) {
	const { openStore } = await import(join(project, "server/store/open.ts"));
	const store = await openStore(url, { ...globalThis, now: Date.now });
	const rating = {
		type: "control",
		action: "feedback",
		data: { message, value: "up" },
	};
	for (let i = 0; i < events; i += 1_000)
		await store.append(conversation, Array(1_000).fill(rating));
	await store.close();
}

/** Pings and looks at the health endpoint. @returns how long both take, ms. */
async function wait(url: string, socket: WebSocket, seconds: number) {
	const pings: number[] = [];
	const health: number[] = [];
	const end = performance.now() + seconds * 1_000;
	while (performance.now() < end) {
		const startedAt = performance.now();
		await new Promise<void>((done) => {
			socket.onmessage = ({ data }) => {
				if (JSON.parse(`${data}`).type === "pong") done();
			};
			socket.send('{"type":"ping"}');
		});
		pings.push(performance.now() - startedAt);
		const askedAt = performance.now();
		await fetch(`${url}/chat/health`);
		health.push(performance.now() - askedAt);
		await Bun.sleep(50);
	}
	return { ping: spread(pings), health: spread(health) };
}

function spread(times: number[]) {
	const sorted = times.toSorted((a, b) => a - b);
	const at = (share: number) => {
		const time =
			sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
		return Math.round((time ?? 0) * 10) / 10;
	};
	return { p50: at(0.5), p95: at(0.95), max: at(1) };
}

const [task] = process.argv.slice(2);
if (task?.startsWith("{")) await attack(JSON.parse(task));
else {
	await measure();
	await endServers();
	process.exit(0);
}
