/** The counters in Prometheus' text format. */
import { afterEach, describe, expect, test } from "bun:test";
import { createCounts, Times } from "../../../../server/operations/counters.ts";
import {
	createMetrics,
	type Metrics,
} from "../../../../server/operations/prometheus.ts";
import { version } from "../../../../server/operations/version.ts";

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

	test("are written as Prometheus expects: in seconds, with cumulative buckets", async () => {
		const counts = createCounts();
		counts.append.record(1);
		counts.append.record(7);
		counts.append.record(60_000);
		const text = metricsOf(counts).text();
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
	test("name the version of the server", () => {
		expect(metricsOf().text()).toContain(`# TYPE chat_build_info gauge
chat_build_info{version="${version}"} 1
`);
	});

	test("are read when the text is requested, and not before", async () => {
		const counts = createCounts();
		let open = 0;
		const metrics = metricsOf(counts, () => open);
		open = 3;
		counts.tokens += 5;
		counts.connections.websocket++;
		counts.rejections.not_found++;
		counts.closed({ by: "end", reason: "stopped" });
		counts.closed({ by: "error", code: "provider_failed" });
		const text = metrics.text();
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

	test("are in Prometheus' text format, each with its help and type", async () => {
		const lines = metricsOf().text().split("\n").filter(Boolean);
		const sample =
			/^[a-z_]+(\{[a-z]+="[\w.+]+"(,[a-z]+="[\w.+]+")*\})? (\d+(\.\d+)?(e-\d+)?|Nan)$/;
		for (const line of lines)
			if (!line.startsWith("# ")) expect(line).toMatch(sample);
		for (const what of ["HELP", "TYPE"])
			expect(
				lines.filter((line) => line.startsWith(`# ${what} `)),
			).toHaveLength(12);
	});

	test("report the delay of the event loop since the previous scrape", async () => {
		const metrics = metricsOf();
		const latest = () =>
			Number(metrics.text().match(/delay_seconds\{at="max"\} (\S+)/)?.[1]);
		await Bun.sleep(60);
		const until = performance.now() + 150;
		while (performance.now() < until);
		await Bun.sleep(60);
		expect(latest()).toBeGreaterThan(0.1);
		expect(latest()).toBeLessThan(0.1);
	});
});
