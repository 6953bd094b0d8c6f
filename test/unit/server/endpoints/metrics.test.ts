/** Who may read the metrics. */
import { describe, expect, test } from "bun:test";
import {
	localMetrics,
	metricsWithToken,
} from "../../../../server/endpoints/metrics.ts";

const metrics = {
	contentType: "text/plain; version=0.0.4; charset=utf-8",
	text: () => "chat_open_replies 0\n",
	stop: () => undefined,
};
const request = (
	headers: Record<string, string> = {},
	url = "http://localhost:8787/metrics",
	method = "GET",
) => new Request(url, { method, headers });

describe("on the chat's own port the metrics", () => {
	const token = "token-of-the-operator";
	const bearer = (given: string, scheme = "Bearer") => ({
		Authorization: `${scheme} ${given}`,
	});

	test("are open to the configured token", async () => {
		const response = metricsWithToken(metrics, token)(request(bearer(token)));
		expect(response?.status).toBe(200);
		expect(await response?.text()).toContain("chat_open_replies");
		expect(response?.headers.get("content-type")).toStartWith("text/plain");
		expect(response?.headers.get("cache-control")).toBe("no-store");
	});

	test("are closed to every other credential", () => {
		for (const headers of [
			{},
			bearer(`${token}x`),
			bearer(token.slice(1)),
			bearer(token, "Basic"),
			bearer(""),
		])
			expect(
				metricsWithToken(metrics, token)(request(headers)),
			).toBeUndefined();
	});

	test("are closed if no token is configured, whatever the request says", () => {
		for (const host of ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
			for (const headers of [{}, bearer(""), bearer("undefined")])
				expect(
					metricsWithToken(
						metrics,
						undefined,
					)(request({ ...headers, Host: host }, `http://${host}/metrics`)),
				).toBeUndefined();
	});

	test("are read by GET only", () => {
		const post = request(bearer(token), undefined, "POST");
		expect(metricsWithToken(metrics, token)(post)).toBeUndefined();
	});
});

describe("on a loopback port of their own the metrics", () => {
	const respond = localMetrics(metrics);

	test("are open by every name of localhost", () => {
		for (const host of ["localhost:9464", "127.0.0.1:9464", "[::1]:9464"])
			expect(respond(request({}, `http://${host}/metrics`))?.status).toBe(200);
	});

	test("are closed to a page whose own name resolves to loopback", () => {
		for (const host of ["evil.example", "localhost.evil.example", "10.0.0.1"])
			expect(respond(request({}, `http://${host}/metrics`))).toBeUndefined();
	});

	test("are the only thing there", () => {
		expect(
			respond(request({}, "http://localhost/chat/health")),
		).toBeUndefined();
	});
});
