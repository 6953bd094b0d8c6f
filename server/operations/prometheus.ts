/**
 * The counters in Prometheus' text format (exposition format 0.0.4).
 *
 * Nothing is computed until the text is requested. Label values come from fixed tables, so visitors'
 * input cannot raise cardinality.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Counts, Times } from "./counters.ts";
import { version } from "./version.ts";

export type Metrics = {
	contentType: string;
	text(): string;
	/** Stops measuring the event loop. */
	stop(): void;
};

type Sample = {
	/** Appended to the metric's name, such as `_bucket`. */
	suffix?: string;
	labels?: Record<string, string | number>;
	value: number;
};
type Metric = {
	name: string;
	help: string;
	type: "counter" | "gauge" | "histogram";
	read: () => Sample[];
};

/** How often the delay of the event loop is sampled, ms. */
const loopSampleMs = 20;

export function createMetrics(
	counts: Counts,
	openReplies: () => number,
): Metrics {
	const loop = monitorEventLoopDelay({ resolution: loopSampleMs });
	loop.enable();
	const metrics: readonly Metric[] = [
		{
			name: "chat_build_info",
			help: "The version of the server. The value is always 1.",
			type: "gauge",
			read: () => [{ labels: { version }, value: 1 }],
		},
		...countMetrics(counts),
		...timeMetrics(counts),
		{
			name: "chat_open_replies",
			help: "Replies that are being written.",
			type: "gauge",
			read: () => [{ value: openReplies() }],
		},
		{
			name: "process_resident_memory_bytes",
			help: "Resident memory of the process, bytes.",
			type: "gauge",
			read: () => [{ value: process.memoryUsage().rss }],
		},
		{
			name: "chat_event_loop_delay_seconds",
			help: "Delay of the event loop since the previous scrape, seconds.",
			type: "gauge",
			read: () => readLoopDelay(loop),
		},
	];
	return {
		contentType: "text/plain; version=0.0.4; charset=utf-8",
		text: () => metrics.map(textOf).join(""),
		stop: () => loop.disable(),
	};
}

const countMetrics = (counts: Counts): Metric[] => [
	{
		name: "chat_connections",
		help: "Open readers, by transport.",
		type: "gauge",
		read: () => samplesOf("transport", counts.connections),
	},
	{
		name: "chat_tokens_total",
		help: "Tokens that were stored.",
		type: "counter",
		read: () => [{ value: counts.tokens }],
	},
	{
		name: "chat_replies_total",
		help: "Replies that were closed, by end reason or error code.",
		type: "counter",
		read: () => samplesOf("outcome", counts.replies),
	},
	{
		name: "chat_resumes_total",
		help: "Readers that reconnected with a cursor, by transport.",
		type: "counter",
		read: () => samplesOf("transport", counts.resumes),
	},
	{
		name: "chat_rejections_total",
		help: "Errors that were sent, by code.",
		type: "counter",
		read: () => samplesOf("code", counts.rejections),
	},
];

const timeMetrics = (counts: Counts): Metric[] => [
	{
		name: "chat_first_token_seconds",
		help: "Time from the start of a reply to its first text, seconds.",
		type: "histogram",
		read: () => bucketsOf(counts.firstToken),
	},
	{
		name: "chat_between_tokens_seconds",
		help: "Time between two tokens of a reply, seconds.",
		type: "histogram",
		read: () => bucketsOf(counts.betweenTokens),
	},
	{
		name: "chat_append_seconds",
		help: "Time that an append to the store takes, seconds.",
		type: "histogram",
		read: () => bucketsOf(counts.append),
	},
];

const samplesOf = (label: string, values: Record<string, number>): Sample[] =>
	Object.entries(values).map(([name, value]) => ({
		labels: { [label]: name },
		value,
	}));

/** Prometheus buckets are cumulative: each contains those before it. */
function bucketsOf({ boundsMs, counts, sumMs }: Times): Sample[] {
	let count = 0;
	const buckets = counts.map((here, index) => {
		count += here;
		const boundMs = boundsMs[index];
		const le = boundMs === undefined ? "+Inf" : boundMs / 1_000;
		return { suffix: "_bucket", labels: { le }, value: count };
	});
	return [
		...buckets,
		{ suffix: "_sum", value: sumMs / 1_000 },
		{ suffix: "_count", value: count },
	];
}

/** Resets the histogram, so that each scrape sees its own interval. */
function readLoopDelay(
	loop: ReturnType<typeof monitorEventLoopDelay>,
): Sample[] {
	const hasSamples = loop.count > 0;
	const delaysNs = {
		mean: hasSamples ? loop.mean : 0,
		p99: hasSamples ? loop.percentile(99) : 0,
		max: hasSamples ? loop.max : 0,
	};
	loop.reset();
	return Object.entries(delaysNs).map(([at, ns]) => ({
		labels: { at },
		value: ns / 1e9,
	}));
}

/** Names, help and label values are ours and need no escapes. */
function textOf({ name, help, type, read }: Metric): string {
	const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
	for (const { suffix = "", labels = {}, value } of read()) {
		const pairs = Object.entries(labels).map(([key, it]) => `${key}="${it}"`);
		const list = pairs.length > 0 ? `{${pairs.join(",")}}` : "";
		lines.push(`${name}${suffix}${list} ${value}`);
	}
	return `${lines.join("\n")}\n\n`;
}
