/**
 * Where the local socket is: beside the store file, in a folder that belongs to the server's user.
 *
 * Opens nothing.
 */
import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";

/** The operating systems' limit of a socket's path, bytes; the smallest of them. */
const maxPathBytes = 103;

/**
 * The socket of the server that uses this store file. `undefined` on Windows, which has no such
 * sockets in folders. Links are resolved, so that every path of the file leads to the same socket.
 */
export function socketPathOf(file: string): string | undefined {
	if (process.platform === "win32") return undefined;
	const path = resolve(file);
	const folder = dirname(path);
	if (existsSync(path)) return shortOf(`${realpathSync(path)}.sock`);
	if (!existsSync(folder)) return shortOf(`${path}.sock`);
	return shortOf(join(realpathSync(folder), `${basename(path)}.sock`));
}

/** Relative to the working directory, if the path is too long for a socket otherwise. */
function shortOf(path: string): string {
	if (Buffer.byteLength(path) <= maxPathBytes) return path;
	const short = relative(process.cwd(), path);
	return Buffer.byteLength(short) <= maxPathBytes ? short : path;
}
