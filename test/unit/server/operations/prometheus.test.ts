import { afterEach, describe, expect, test } from "bun:test";
import { createMetricsEndpoint } from "../../../../server/endpoints/metrics.ts";
import { createCounts, Times } from "../../../../server/operations/counters.ts";
import {
	createMetrics,
	type Metrics,
} from "../../../../server/operations/prometheus.ts";

const made: Metrics[] = [];
afterEach(() => {
	for (const metrics of made.splice(0)) metrics.stop();
});
function metricsOf(counts = createCounts(), openReplies = () => 0) {
	const metrics = createMetrics(counts, openReplies);
	made.push(metrics);
	return metrics;
}

describe("times", () => {
	test("are counted in the first bucket that holds them", () => {
		const times = new Times([1, 10, 100]);
		for (const ms of [0, 1, 1.5, 10, 11, 101, 1e9, -5]) times.record(ms);
		expect(times.counts).toEqual([3, 2, 1, 2]);
		expect(times.sumMs).toBe(0 + 1 + 1.5 + 10 + 11 + 101 + 1e9);
	});

	test("are told as Prometheus wants them: seconds, each bucket with those before it", async () => {
		const counts = createCounts();
		counts.append.record(1);
		counts.append.record(7);
		counts.append.record(60_000);
		const text = await metricsOf(counts).text();
		expect(text).toContain(`# TYPE chat_append_seconds histogram
chat_append_seconds_bucket{le="0.001"} 1
chat_append_seconds_bucket{le="0.002"} 1
chat_append_seconds_bucket{le="0.005"} 1
chat_append_seconds_bucket{le="0.01"} 2
`);
		expect(text).toContain(`chat_append_seconds_bucket{le="+Inf"} 3
chat_append_seconds_sum 60.008
chat_append_seconds_count 3
`);
	});
});

describe("the metrics", () => {
	test("are read when they are asked for, and not before", async () => {
		const counts = createCounts();
		let open = 0;
		const metrics = metricsOf(counts, () => open);
		open = 3;
		counts.tokens += 5;
		counts.connections.websocket++;
		counts.rejections.not_found++;
		counts.closed({ by: "end", reason: "stopped" });
		counts.closed({ by: "error", code: "provider_failed" });
		const text = await metrics.text();
		for (const line of [
			"chat_open_replies 3",
			"chat_tokens_total 5",
			'chat_connections{transport="websocket"} 1',
			'chat_connections{transport="poll"} 0',
			'chat_rejections_total{code="not_found"} 1',
			'chat_replies_total{outcome="stopped"} 1',
			'chat_replies_total{outcome="provider_failed"} 1',
			'chat_replies_total{outcome="complete"} 0',
		])
			expect(text.split("\n")).toContain(line);
	});

	test("are lines of Prometheus' text format, each with its help and type", async () => {
		const lines = (await metricsOf().text()).split("\n").filter(Boolean);
		const sample =
			/^[a-z_]+(\{[a-z]+="[\w.+]+"(,[a-z]+="[\w.+]+")*\})? (\d+(\.\d+)?(e-\d+)?|Nan)$/;
		for (const line of lines)
			if (!line.startsWith("# ")) expect(line).toMatch(sample);
		for (const what of ["HELP", "TYPE"])
			expect(
				lines.filter((line) => line.startsWith(`# ${what} `)),
			).toHaveLength(11);
	});

	test("say how late the event loop was, anew each time", async () => {
		const metrics = metricsOf();
		const latest = async () =>
			Number(
				(await metrics.text()).match(/delay_seconds\{at="max"\} (\S+)/)?.[1],
			);
		await Bun.sleep(60);
		const until = performance.now() + 150;
		while (performance.now() < until);
		await Bun.sleep(60);
		expect(await latest()).toBeGreaterThan(0.1);
		expect(await latest()).toBeLessThan(0.1);
	});
});

describe("the metrics' endpoint", () => {
	const ask = (
		address: string,
		headers: Record<string, string> = {},
		given?: string,
		url = "http://localhost:8787/metrics",
		method = "GET",
	) =>
		createMetricsEndpoint(metricsOf(), given)(
			new Request(url, { method, headers }),
			{ requestIP: () => ({ address, port: 1, family: "IPv4" }) },
		);

	test("is open to this machine, by whatever name", async () => {
		for (const address of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
			for (const host of ["localhost:8787", "127.0.0.1:8787", "[::1]:8787"]) {
				const url = `http://${host}/metrics`;
				const answer = await ask(address, {}, undefined, url);
				expect(answer?.status).toBe(200);
			}
		const answer = await ask("127.0.0.1");
		expect(answer?.headers.get("content-type")).toStartWith("text/plain");
		expect(answer?.headers.get("cache-control")).toBe("no-store");
	});

	test("is not there for anybody else", async () => {
		for (const address of ["10.0.0.5", "203.0.113.7", "::ffff:10.0.0.5", ""])
			expect(await ask(address)).toBeUndefined();
		const gate = createMetricsEndpoint(metricsOf(), undefined);
		const unknown = await gate(new Request("http://localhost/metrics"), {
			requestIP: () => null,
		});
		expect(unknown).toBeUndefined();
	});

	test("is not there for what a proxy on this machine hands on", async () => {
		for (const header of [
			...["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP"],
			...["Via", "CF-Connecting-IP", "True-Client-IP", "X-Forwarded-Proto"],
		])
			for (const value of ["203.0.113.7", "127.0.0.1", ""])
				expect([header, await ask("127.0.0.1", { [header]: value })]).toEqual([
					header,
					undefined,
				]);
		// Neither by the name of the site, nor by a name that points here.
		for (const host of [
			"chat.example.com",
			"localhost.evil.example",
			"10.0.0.1",
		])
			expect(
				await ask("127.0.0.1", {}, undefined, `http://${host}/metrics`),
			).toBeUndefined();
	});

	test("with a token is open to who bears it, from anywhere, and to nobody else", async () => {
		const bearer = (given: string, scheme = "Bearer") => ({
			Authorization: `${scheme} ${given}`,
			"X-Forwarded-For": "203.0.113.7",
		});
		const far = "203.0.113.7";
		const plain = "token-of-the-operator";
		expect((await ask(far, bearer(plain), plain))?.status).toBe(200);
		for (const headers of [
			{},
			bearer(`${plain}x`),
			bearer(plain.slice(1)),
			bearer(plain, "Basic"),
		])
			for (const address of [far, "127.0.0.1"])
				expect(await ask(address, headers, plain)).toBeUndefined();
	});

	test("takes nothing but GET", async () => {
		const url = "http://localhost/metrics";
		const answer = await ask("127.0.0.1", {}, undefined, url, "POST");
		expect(answer).toBeUndefined();
	});
});
