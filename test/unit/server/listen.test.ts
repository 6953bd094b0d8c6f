import { describe, expect, test } from "bun:test";
import { checkHost, listen } from "../../../server/listen.ts";

const fetch = () => new Response();

describe("the address to listen on", () => {
	test("an address or name of this machine is accepted", async () => {
		for (const host of ["127.0.0.1", "localhost", "0.0.0.0"])
			await checkHost(host);
	});

	test("a name that does not resolve is the cause, not the port", async () => {
		const check = checkHost("no-such-host.invalid");
		await expect(check).rejects.toThrow(
			'HOST is "no-such-host.invalid", which does not resolve to an address. Set HOST to',
		);
	});

	test("a URL or a port in the name is explained", async () => {
		for (const host of ["http://localhost", "localhost:8787"])
			await expect(checkHost(host)).rejects.toThrow(
				"neither a scheme nor a port",
			);
	});

	test("an address of another machine is the cause", async () => {
		await expect(checkHost("203.0.113.7")).rejects.toThrow(
			"203.0.113.7 is not an address of this machine",
		);
	});

	test("a port in use names the setting it comes from", async () => {
		const hostname = "127.0.0.1";
		const first = listen("PORT", { hostname, port: 0, fetch });
		const port = first.port ?? 0;
		const again = () => listen("CHAT_METRICS_PORT", { hostname, port, fetch });
		expect(again).toThrow(`Port ${port} of 127.0.0.1 is in use.`);
		expect(again).toThrow("set CHAT_METRICS_PORT to another port");
		await first.stop(true);
	});
});
