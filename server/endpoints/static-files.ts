/**
 * Static files: the built scripts, and the demo site if there is one.
 *
 * Scripts are read once at start. Each has two URLs: `/chat-stream.js`, cached for a short time, and
 * `/chat-stream.<hash>.js`, which never changes. Any page may load them.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

/** Longer paths name no file, and some file systems fail on them. */
const maxPathChars = 200;

export type StaticFiles = (
	request: Request,
	path: string,
) => Promise<Response | undefined>;

const scriptHeaders = {
	"Content-Type": "text/javascript; charset=utf-8",
	"Access-Control-Allow-Origin": "*",
	"Cross-Origin-Resource-Policy": "cross-origin",
	"X-Content-Type-Options": "nosniff",
	Vary: "Accept-Encoding",
} as const;

/**
 * @param dist The folder of the build. If it does not exist, no scripts are served.
 * @param site A folder to serve at `/`.
 */
export function createStaticFiles(dist: string, site?: string): StaticFiles {
	const byPath = new Map<string, () => Script>();
	const scripts = existsSync(dist)
		? readdirSync(dist).filter((file) => /^chat-stream[\w.-]*\.js$/.test(file))
		: [];
	for (const file of scripts) {
		const name = file.slice(0, -".js".length);
		const script = readScript(readFileSync(join(dist, file)));
		byPath.set(`/${name}.js`, () => ({ ...script, immutable: false }));
		byPath.set(`/${name}.${script.hash}.js`, () => script);
	}

	return async (request, path) => {
		if (request.method !== "GET" && request.method !== "HEAD") return undefined;
		const script = byPath.get(path);
		if (script) return scriptResponse(request, script());
		return site && !isSource(path)
			? siteResponse(request, site, path)
			: undefined;
	};
}

/** The programs that generate the site lie beside its files. */
const isSource = (path: string): boolean => {
	try {
		return /\.[cm]?tsx?$/i.test(decodeURIComponent(path));
	} catch {
		return false; // A path that is not valid UTF-8 names no file.
	}
};

type Script = {
	bytes: Buffer<ArrayBuffer>;
	hash: string;
	immutable: boolean;
	/** By encoding, compressed on the first request. */
	compressed: Map<string, Uint8Array<ArrayBuffer>>;
};

/** The encodings that browsers accept, the smallest first. */
const compressors = { br: brotliCompressSync, gzip: gzipSync } as const;

function readScript(bytes: Buffer<ArrayBuffer>): Script {
	const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
	return { bytes, hash, immutable: true, compressed: new Map() };
}

function scriptResponse(request: Request, script: Script): Response {
	const headers: Record<string, string> = {
		...scriptHeaders,
		ETag: `"${script.hash}"`,
		"Cache-Control": script.immutable
			? "public, max-age=31536000, immutable"
			: "public, max-age=300, must-revalidate",
	};
	if (request.headers.get("if-none-match")?.includes(script.hash))
		return new Response(null, { status: 304, headers });
	const accepted = request.headers.get("accept-encoding") ?? "";
	for (const [encoding, pack] of Object.entries(compressors)) {
		if (!new RegExp(`\\b${encoding}\\b(?!;\\s*q=0(\\.0*)?\\b)`).test(accepted))
			continue;
		let body = script.compressed.get(encoding);
		if (!body) {
			body = new Uint8Array(pack(script.bytes));
			script.compressed.set(encoding, body);
		}
		headers["Content-Encoding"] = encoding;
		return new Response(body, { headers });
	}
	return new Response(script.bytes, { headers });
}

/** A file of the site. A folder means its `index.html`, and `.html` may be left out. */
async function siteResponse(
	request: Request,
	site: string,
	path: string,
): Promise<Response | undefined> {
	let decoded: string;
	try {
		decoded = decodeURIComponent(path);
	} catch {
		return undefined; // A path that is not valid UTF-8 names no file.
	}
	const inside = normalize(decoded);
	if (
		inside.length > maxPathChars ||
		inside.includes("\0") ||
		/(^|[/\\])\./.test(inside)
	)
		return undefined;
	const names = inside.endsWith("/")
		? [`${inside}index.html`]
		: [inside, `${inside}.html`];
	for (const name of names) {
		const file = Bun.file(join(site, name));
		if (!(await file.exists())) continue;
		const bytes = await file.bytes();
		const etag = `"${Bun.hash(bytes).toString(36)}"`;
		const headers = {
			"Cache-Control": "no-cache",
			"X-Content-Type-Options": "nosniff",
			ETag: etag,
		};
		if (request.headers.get("if-none-match") === etag)
			return new Response(null, { status: 304, headers });
		return new Response(bytes, {
			headers: { ...headers, "Content-Type": file.type },
		});
	}
	return undefined;
}
