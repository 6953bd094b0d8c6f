/**
 * `npm run dev`: builds the widget, starts the server, and does both again on every change of a source. Pages that
 * the server sends then reload themselves.
 *
 * For development only. It adds the reload to the server from outside, so that no product file knows it.
 */
import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const reloadPath = "/dev-reload";
/** An editor writes several files at once. */
const settleMs = 100;
/** A change here is in the next build, or needs only another start of the server. */
const built = ["widget", "protocol", "vite.config.ts"];
const served = ["server", "demo", "examples"];

/** Reloads the page once another process of the server answers. */
const reloadScript = `
	let current;
	new EventSource("${reloadPath}").onmessage = ({ data }) => {
		if (current !== undefined && current !== data) location.reload();
		current = data;
	};
`;

/** The server with the reload: its pages get one more script, and two paths are answered here. */
async function serve() {
	const { serve } = Bun;
	Bun.serve = ((options: Bun.Serve.Options<unknown>) => {
		const { fetch } = options;
		if (!fetch) return serve(options);
		return serve({
			...options,
			async fetch(this: Bun.Server<unknown>, request, server) {
				const { pathname } = new URL(request.url);
				if (pathname === reloadPath) return openStream(request.signal);
				if (pathname === `${reloadPath}.js`)
					return new Response(reloadScript, {
						headers: { "Content-Type": "text/javascript" },
					});
				const response = await fetch.call(this, request, server);
				return response && withReload(response);
			},
		} as Bun.Serve.Options<unknown>);
	}) as typeof Bun.serve;
	await import("../server/main.ts");
}

/** An event stream that names this process, and ends with it. */
function openStream(signal: AbortSignal): Response {
	const name = `retry: 200\ndata: ${process.pid}\n\n`;
	const body = new ReadableStream<Uint8Array>({
		start(controller) {
			controller.enqueue(new TextEncoder().encode(name));
			signal.addEventListener("abort", () => controller.close());
		},
	});
	return new Response(body, {
		headers: { "Content-Type": "text/event-stream" },
	});
}

async function withReload(response: Response): Promise<Response> {
	const { status, headers } = response;
	// A reload takes scripts from the cache while they are fresh.
	headers.set("Cache-Control", "no-store");
	if (status !== 200 || !headers.get("content-type")?.includes("text/html"))
		return response;
	const page = await response.text();
	return new Response(`${page}<script src="${reloadPath}.js"></script>`, {
		headers,
	});
}

/** Builds and starts; after every change once more. */
async function develop() {
	const bun = process.execPath;
	const inherit = { cwd: root, stdout: "inherit", stderr: "inherit" } as const;
	const vite = join(root, "node_modules/.bin/vite");
	let server: Bun.Subprocess | undefined;
	let isBuildNeeded = true;
	let isStopping = false;

	async function restart() {
		if (isBuildNeeded) {
			isBuildNeeded = false;
			const build = Bun.spawn([vite, "build", "--logLevel", "warn"], inherit);
			if ((await build.exited) !== 0) {
				isBuildNeeded = true;
				console.error("The build failed. It runs again after the next change.");
				return;
			}
		}
		server?.kill();
		// The store admits one server at a time.
		await server?.exited;
		if (isStopping) return;
		server = Bun.spawn([bun, import.meta.path, "serve"], {
			...inherit,
			env: { CHAT_DRAIN_MS: "0", CHAT_DEMO: "true", ...process.env },
		});
	}

	let turn = restart();
	let timer: ReturnType<typeof setTimeout> | undefined;
	const watchers = [...built, ...served].map((place): FSWatcher => {
		const isBuilt = built.includes(place);
		return watch(join(root, place), { recursive: true }, () => {
			isBuildNeeded ||= isBuilt;
			clearTimeout(timer);
			timer = setTimeout(() => {
				turn = turn.then(restart);
			}, settleMs);
		});
	});

	async function stop() {
		isStopping = true;
		clearTimeout(timer);
		for (const watcher of watchers) watcher.close();
		server?.kill();
		await server?.exited;
		process.exit(0);
	}
	process.on("SIGINT", stop);
	process.on("SIGTERM", stop);
}

await (process.argv[2] === "serve" ? serve() : develop());
