/**
 * nginx and Caddy in front of a program, each by the example in `deploy/`, with nothing changed but
 * addresses. Installed where they are missing; stopped by `stop`.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureDebian } from "./ensure-debian.ts";
import { tempFolder } from "./server.ts";

const examples = join(import.meta.dir, "../../deploy");
const startMs = 10_000;

export type ReverseProxy = { url: string; stop(): Promise<void> };

export const reverseProxies = {
	nginx: (target: string) =>
		start(target, "nginx", "nginx-light", (folder, port, host) => {
			const example = replaced(readFileSync(`${examples}/nginx.conf`, "utf8"), {
				"listen 80;": `listen 127.0.0.1:${port};`,
				"server 127.0.0.1:8787;": `server ${host};`,
			});
			const temporary = [
				"client_body",
				"proxy",
				"fastcgi",
				"uwsgi",
				"scgi",
			].map((name) => `${name}_temp_path ${folder}/${name};`);
			const file = join(folder, "nginx.conf");
			writeFileSync(
				file,
				`daemon off; pid ${folder}/pid; error_log stderr; events {}
				http { access_log off; ${temporary.join(" ")} ${example} }`,
			);
			return ["-p", folder, "-c", file];
		}),
	caddy: (target: string) =>
		start(target, "caddy", "caddy", (folder, port, host) => {
			const example = replaced(readFileSync(`${examples}/Caddyfile`, "utf8"), {
				"chat.example.com {": `http://127.0.0.1:${port} {\n\tbind 127.0.0.1`,
				"127.0.0.1:8787": host,
			});
			const file = join(folder, "Caddyfile");
			writeFileSync(file, `{\n\tadmin off\n}\n${example}`);
			return ["run", "--adapter", "caddyfile", "--config", file];
		}),
};

/** @throws {Error} if the example does not hold what is to be replaced: it has been changed. */
function replaced(example: string, changes: Record<string, string>): string {
	let text = example;
	for (const [from, to] of Object.entries(changes)) {
		if (!text.includes(from))
			throw new Error(`Expected the example to have "${from}".`);
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
	const find = () => Bun.which(program) ?? Bun.which(`/usr/sbin/${program}`);
	ensureDebian([debian], () => find() !== null);
	const folder = tempFolder();
	const port = freePort();
	const options = configure(folder, port, new URL(target).host);
	mkdirSync(join(folder, "logs"), { recursive: true });
	const child = Bun.spawn([find() as string, ...options], {
		env: { PATH: process.env.PATH ?? "", HOME: folder, XDG_DATA_HOME: folder },
		stdout: "ignore",
		stderr: "pipe",
	});
	const url = `http://127.0.0.1:${port}`;
	const deadline = Date.now() + startMs;
	for (;;) {
		const answer = await fetch(`${url}/chat/health`).catch(() => undefined);
		if (answer?.ok) break;
		if (child.exitCode !== null || Date.now() > deadline) {
			child.kill();
			throw new Error(
				`${program} did not start: ${await new Response(child.stderr).text()}`,
			);
		}
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

/** A port that was free just now. */
function freePort(): number {
	const probe = Bun.listen({
		hostname: "127.0.0.1",
		port: 0,
		socket: { data() {} },
	});
	const { port } = probe;
	probe.stop(true);
	return port;
}
