/**
 * Listens on an address and port, and names the cause if it cannot. Bun's own message blames the port
 * in every case.
 */
import { lookup } from "node:dns/promises";

type Place = { host: string; port: number; setting: string };

const bindFailures: Record<string, (place: Place) => string> = {
	EADDRINUSE: ({ host, port, setting }) =>
		`Port ${port} of ${host} is in use. Stop the process that listens there, or set ${setting} to another port.`,
	EADDRNOTAVAIL: ({ host }) =>
		`${host} is not an address of this machine. Set HOST to one that is, or to 0.0.0.0 for all.`,
	EACCES: ({ port, setting }) =>
		`This user may not listen on port ${port}. Set ${setting} to 1024 or higher.`,
};

/**
 * @param setting The setting that the port comes from.
 * @throws {Error} a sentence for the operator.
 */
export function listen<Data>(
	setting: string,
	options: Bun.Serve.Options<Data> & { hostname: string; port: number },
): Bun.Server<Data> {
	try {
		return Bun.serve<Data>(options);
	} catch (cause) {
		const { code = "", message } = cause as Error & { code?: string };
		const { hostname: host, port } = options;
		const why = bindFailures[code]?.({ host, port, setting });
		throw new Error(
			why ?? `Cannot listen on ${host}, port ${port}: ${message}.`,
			{ cause },
		);
	}
}

/**
 * Checks that the server can listen on `host`, whatever the port. Bun reports a name that does not
 * resolve with the error of an earlier call, so it is resolved here first.
 * @throws {Error} a sentence for the operator.
 */
export async function checkHost(host: string): Promise<void> {
	const name = host.replace(/^\[(.*)\]$/, "$1");
	try {
		await lookup(name);
	} catch (cause) {
		const hint = /[/:]/.test(name)
			? " HOST has neither a scheme nor a port; the port is PORT."
			: "";
		throw new Error(
			`HOST is ${JSON.stringify(host)}, which does not resolve to an address.${hint} Set HOST to an address of this machine such as 127.0.0.1, or to 0.0.0.0 for all.`,
			{ cause },
		);
	}
	const fetch = () => new Response();
	await listen("PORT", { hostname: host, port: 0, fetch }).stop(true);
}
