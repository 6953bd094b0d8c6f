/**
 * What is counted, in the words of Prometheus.
 *
 * `main.ts` makes it over its counts; `gates/metrics.ts` hands it out. Nothing is computed before
 * somebody asks.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Gauge, type Metric, Registry } from "prom-client";
import type { Counts, Times } from "./counters.ts";

export type Metrics = {
	contentType: string;
	text(): Promise<string>;
	/** Lets go of what watches the event loop. */
	stop(): void;
};

/** How often the event loop is looked at, ms. */
const loopLookMs = 20;

export function createMetrics(
	counts: Counts,
	openReplies: () => number,
): Metrics {
	const registry = new Registry();
	const counter = (
		name: string,
		help: string,
		label: string,
		values: Record<string, number>,
	) =>
		register(registry, name, help, "counter", () =>
			Object.entries(values).map(([value, count]) => ({
				labels: { [label]: value },
				value: count,
			})),
		);
	const times = (name: string, help: string, measured: Times) =>
		register(registry, name, help, "histogram", () =>
			bucketsOf(name, measured),
		);
	const gauge = (name: string, help: string, read: () => number) =>
		new Gauge({
			...{ name, help, registers: [registry] },
			collect() {
				this.set(read());
			},
		});

	const { lines, resumes, refusals, replies } = counts;
	register(
		registry,
		"chat_connections",
		"Readers that are here now, by transport.",
		"gauge",
		() =>
			Object.entries(lines).map(([transport, value]) => ({
				labels: { transport },
				value,
			})),
	);
	gauge("chat_open_replies", "Replies that are being written.", openReplies);
	register(
		registry,
		"chat_tokens_total",
		"Tokens that were stored.",
		"counter",
		() => [{ labels: {}, value: counts.tokens }],
	);
	counter(
		"chat_replies_total",
		"Replies that were closed, by reason or code.",
		"outcome",
		replies,
	);
	counter(
		"chat_resumes_total",
		"Readers who came back with a cursor, by transport.",
		"transport",
		resumes,
	);
	counter(
		"chat_rejections_total",
		"Refusals that were sent, by code.",
		"code",
		refusals,
	);
	times(
		"chat_first_token_seconds",
		"From a reply's beginning to its first text.",
		counts.firstToken,
	);
	times(
		"chat_between_tokens_seconds",
		"From text to text within a reply.",
		counts.betweenTokens,
	);
	times(
		"chat_append_seconds",
		"What the store took to keep what a reply has said.",
		counts.append,
	);
	gauge(
		"process_resident_memory_bytes",
		"Memory of the process.",
		() => process.memoryUsage().rss,
	);
	const loop = monitorEventLoopDelay({ resolution: loopLookMs });
	loop.enable();
	register(
		registry,
		"chat_event_loop_delay_seconds",
		"How late the event loop was since this was asked last.",
		"gauge",
		() => {
			const seen = loop.count > 0;
			const read = {
				mean: seen ? loop.mean : 0,
				p99: seen ? loop.percentile(99) : 0,
				max: seen ? loop.max : 0,
			};
			loop.reset();
			return Object.entries(read).map(([at, ns]) => ({
				labels: { at },
				value: ns / 1e9,
			}));
		},
	);
	return {
		contentType: registry.contentType,
		text: () => registry.metrics(),
		stop: () => loop.disable(),
	};
}

type Value = {
	metricName?: string;
	labels: Record<string, string | number>;
	value: number;
};

/** A metric whose numbers are elsewhere: prom-client's own would count a second time. */
function register(
	registry: Registry,
	name: string,
	help: string,
	type: "counter" | "gauge" | "histogram",
	read: () => Value[],
) {
	const metric = {
		name,
		get: async () => ({ name, help, type, values: read(), aggregator: "sum" }),
		reset() {},
	};
	registry.registerMetric(metric as unknown as Metric);
}

/** As Prometheus counts: each bucket holds those before it, too. */
function bucketsOf(name: string, { boundsMs, counts, sumMs }: Times): Value[] {
	let count = 0;
	const buckets = counts.map((here, index) => {
		count += here;
		const boundMs = boundsMs[index];
		return {
			metricName: `${name}_bucket`,
			labels: { le: boundMs === undefined ? "+Inf" : boundMs / 1_000 },
			value: count,
		};
	});
	return [
		...buckets,
		{ metricName: `${name}_sum`, labels: {}, value: sumMs / 1_000 },
		{ metricName: `${name}_count`, labels: {}, value: count },
	];
}
