/**
 * nginx and Caddy in front of a program, each with the example of `deploy/`, in which only addresses are replaced;
 * and nginx with a one-line configuration. Missing proxies are installed.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureDebian } from "./ensure-debian.ts";
import { own, tempFolder } from "./server.ts";

const examples = join(import.meta.dir, "../../deploy");
const startMs = 10_000;

export type ReverseProxy = { url: string; stop(): Promise<void> };
/** Starts the proxy for the server at `target`; resolves when it forwards a health request. */
export type StartProxy = (target: string) => Promise<ReverseProxy>;

export const reverseProxies: Record<"nginx" | "Caddy", StartProxy> = {
	nginx: (target) =>
		nginx(target, (port, host) =>
			replaced("nginx.conf", {
				"listen 80;": `listen 127.0.0.1:${port};`,
				"server 127.0.0.1:8787;": `server ${host};`,
			}),
		),
	Caddy: (target) =>
		start(target, "caddy", "caddy", (folder, port, host) => {
			const example = replaced("Caddyfile", {
				"chat.example.com {": `http://127.0.0.1:${port} {\n\tbind 127.0.0.1`,
				"127.0.0.1:8787": host,
			});
			const file = join(folder, "Caddyfile");
			writeFileSync(file, `{\n\tadmin off\n}\n${example}`);
			return ["run", "--adapter", "caddyfile", "--config", file];
		}),
};

/** nginx with the one `proxy_pass` line that tutorials show. */
export const nginxByDefault: StartProxy = (target) =>
	nginx(
		target,
		(port, host) =>
			`server { listen 127.0.0.1:${port}; location / { proxy_pass http://${host}; } }`,
	);

const nginx = (
	target: string,
	site: (port: number, host: string) => string,
): Promise<ReverseProxy> =>
	start(target, "nginx", "nginx-light", (folder, port, host) => {
		const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
			(name) => `${name}_temp_path ${folder}/${name};`,
		);
		// As root it would run its work as a user without access to this folder.
		const user = process.getuid?.() === 0 ? "user root;" : "";
		const file = join(folder, "nginx.conf");
		// One process, because a worker outlives a killed master.
		writeFileSync(
			file,
			`daemon off; master_process off; ${user} pid ${folder}/pid; error_log stderr; events {}
			http { access_log off; ${temporary.join(" ")} ${site(port, host)} }`,
		);
		return ["-p", folder, "-c", file];
	});

/** @throws {Error} if the example does not contain a text to replace. */
function replaced(example: string, changes: Record<string, string>): string {
	let text = readFileSync(join(examples, example), "utf8");
	for (const [from, to] of Object.entries(changes)) {
		if (!text.includes(from))
			throw new Error(`Expected ${example} to have "${from}".`);
		text = text.replace(from, to);
	}
	return text;
}

async function start(
	target: string,
	program: string,
	debian: string,
	configure: (folder: string, port: number, host: string) => string[],
): Promise<ReverseProxy> {
	const executable = ensureDebian(
		[debian],
		() => Bun.which(program) ?? Bun.which(`/usr/sbin/${program}`),
	);
	const folder = tempFolder();
	const port = freePort();
	const errors = join(folder, "errors");
	const options = configure(folder, port, new URL(target).host);
	const child = Bun.spawn([executable, ...options], {
		env: { PATH: process.env.PATH ?? "", HOME: folder, XDG_DATA_HOME: folder },
		stdout: "ignore",
		stderr: Bun.file(errors),
	});
	own(child);
	const url = `http://127.0.0.1:${port}`;
	const deadline = Date.now() + startMs;
	for (;;) {
		const answer = await fetch(`${url}/chat/health`).catch(() => undefined);
		if (answer?.ok) break;
		if (child.exitCode !== null || Date.now() > deadline)
			throw new Error(
				`${program} did not start: ${await Bun.file(errors).text()}`,
			);
		await Bun.sleep(50);
	}
	return {
		url,
		async stop() {
			child.kill();
			await child.exited;
		},
	};
}

/** A port that was free a moment ago. */
export function freePort(): number {
	const probe = Bun.listen({
		hostname: "127.0.0.1",
		port: 0,
		socket: { data() {} },
	});
	const { port } = probe;
	probe.stop(true);
	return port;
}
