/**
 * Checks the import rules: one row per folder, and type imports count like any other.
 *
 * A new folder needs a row. A violation is reported as `file -> import`.
 */
import { beforeAll, describe, expect, test } from "bun:test";
import { dirname } from "node:path";
import {
	circlesOf,
	graphOf,
	longFunctions,
	moduleOf,
	type Rules,
	readSource,
	type SourceFile,
	violations,
	withoutComments,
} from "../support/architecture.ts";

/** Longest function, in lines. 80 is the aim. */
const maxFunctionLines = 120;

/** What every part of the server may use. */
const leaves = ["server/clock.ts", "server/visitor.ts", "server/operations"];

const rules: Rules = {
	protocol: {
		may: ["zod/mini"],
		why: "Both sides import it, so it imports neither.",
	},

	// The widget: page -> element -> view -> { session -> transport, answer }, i18n beside.
	widget: {
		may: ["widget/element", "widget/session", "protocol"],
		why: "The entries define the element and export the headless client.",
	},
	"widget/element": {
		may: [
			"widget/view",
			"widget/session",
			"widget/i18n",
			"protocol/conversation.ts",
			"protocol/sizes.ts",
			"lit",
		],
		types: ["widget/answer", "protocol"],
		why: "The element never sees a frame, and loads the renderer through the view.",
	},
	"widget/view": {
		may: ["widget/answer", "widget/i18n", "lit"],
		types: ["widget/session/types.ts", "protocol"],
		why: "Templates show a session's state; they never call the session or a transport.",
	},
	"widget/view/plain-writer.ts": {
		may: ["widget/answer/markdown/appended-text.ts"],
		why: "Plain text and Markdown find the appended text in the same way.",
	},
	"widget/answer": {
		may: [
			"widget/answer/markdown",
			"widget/answer/highlight/part.ts",
			"widget/answer/math/part.ts",
		],
		types: ["widget/i18n", "protocol", "lit"],
		why: "The chunk receives lit and the texts at run time, so the build contains each once.",
	},
	"widget/answer/markdown": {
		may: [],
		why: "The renderer stands alone.",
	},
	"widget/answer/highlight": {
		may: ["highlight.js"],
		types: ["lit"],
		why: "Only this chunk contains grammars.",
	},
	"widget/answer/math": {
		may: ["temml"],
		why: "Only this chunk contains the formula library.",
	},
	"widget/i18n": {
		may: [],
		types: ["protocol"],
		why: "Texts are data; the error codes are the protocol's.",
	},
	"widget/i18n/languages": {
		may: [],
		types: ["widget/i18n/strings.ts"],
		why: "A language table is one chunk without code.",
	},
	"widget/session": {
		may: ["widget/transport", "protocol"],
		why: "A session runs without a page.",
	},
	"widget/transport": {
		may: ["protocol", "reconnecting-websocket"],
		why: "A transport knows frames and the network.",
	},

	// The server: main -> server -> endpoints -> { auth, limits, chat } -> { store, providers }.
	"server/main.ts": {
		may: [
			"server",
			"server/auth",
			"server/chat",
			"server/config",
			"server/endpoints",
			"server/limits",
			"server/operations",
			"server/providers/open.ts",
			"server/operator",
			"server/store/open.ts",
			"protocol",
			"node:",
		],
		types: ["server/store/store.ts"],
		why: "It builds every part; `open.ts` chooses the engine and the model.",
	},
	"server/server.ts": {
		may: [
			"server/auth",
			"server/chat",
			"server/endpoints",
			"server/endpoints/http",
			"server/limits",
			"protocol",
			...leaves,
		],
		why: "It serves the endpoints on one port, without settings, engine or model.",
	},
	"server/listen.ts": {
		may: ["node:"],
		why: "A leaf: it listens, and names the cause if it cannot.",
	},
	"server/clock.ts": {
		may: [],
		types: ["protocol/clock.ts"],
		why: "A leaf: the real clock.",
	},
	"server/visitor.ts": {
		may: [],
		why: "A leaf: the type that auth returns and the chat service reads.",
	},
	"server/edit-distance.ts": {
		may: [],
		why: "A leaf: two folders correct typing errors with it.",
	},
	"server/module.ts": {
		may: [],
		types: ["server/config", "server/providers/provider.ts"],
		why: "Importing it must start nothing.",
	},
	"server/cli": {
		may: [
			"server/main.ts",
			"server/clock.ts",
			"server/listen.ts",
			"server/auth",
			"server/chat/visitor-data.ts",
			"server/config",
			"server/operations",
			"server/operator",
			"server/providers/open.ts",
			"server/providers/provider.ts",
			"server/store/open.ts",
			"server/store/store.ts",
			"jose",
			"node:",
		],
		types: ["protocol/clock.ts"],
		why: "A command uses settings, store and provider, but no endpoint, engine or vendor.",
	},
	"server/config": {
		may: [
			"server/auth/ip-ranges.ts",
			"server/auth/origin-rules.ts",
			"server/edit-distance.ts",
			"zod",
			"node:",
		],
		types: ["server/providers/provider.ts"],
		why: "Settings are checked with the syntax that auth reads; a file may hold a provider.",
	},
	"server/endpoints": {
		may: [
			"server/auth",
			"server/limits",
			"server/chat",
			"protocol",
			"node:",
			...leaves,
		],
		types: ["bun"],
		why: "An endpoint translates between the network and the chat service.",
	},
	"server/endpoints/http": {
		may: [
			"server/endpoints",
			"server/api-docs",
			"server/auth",
			"server/limits",
			"server/chat",
			"protocol",
			...leaves,
		],
		types: ["bun"],
		why: "The same over HTTP, with the documents that describe it.",
	},
	"server/api-docs": {
		may: ["protocol", "zod"],
		why: "The documents are generated from the schemas that decode frames.",
	},
	"server/auth": {
		may: ["protocol", "jose", "zod", "node:", ...leaves],
		why: "Who a visitor is does not depend on what the visitor does.",
	},
	"server/limits": {
		may: ["protocol", "zod", ...leaves],
		types: ["server/auth", "server/store/store.ts"],
		why: "Limits count per address and visitor, and keep the day's total in the store.",
	},
	"server/chat": {
		may: [
			"server/store/store.ts",
			"server/store/follow.ts",
			"protocol",
			"zod",
			...leaves,
		],
		types: ["server/limits", "server/providers/provider.ts"],
		why: "The service knows contracts: no request, no socket, no SQL, no vendor.",
	},
	"server/operator": {
		may: ["protocol", "zod", "node:", ...leaves],
		types: ["server/store/store.ts"],
		why: "The operator's socket carries the store's contract, and knows no engine.",
	},
	"server/store": {
		may: ["protocol"],
		why: "A store knows neither provider nor visitor.",
	},
	"server/store/open.ts": {
		may: ["server/store/sqlite", "node:"],
		why: "It alone chooses the engine.",
	},
	"server/store/sqlite": {
		may: ["server/store", "protocol", "bun:sqlite", "node:"],
		why: "Only this folder contains SQL.",
	},
	"server/providers": {
		may: ["protocol", "openai", "node:", "server/clock.ts"],
		why: "A provider knows neither store nor visitor.",
	},
	"server/providers/open.ts": {
		may: ["server/providers/pages", "protocol"],
		why: "It alone chooses the model.",
	},
	"server/providers/pages": {
		may: [
			"protocol",
			"bun:sqlite",
			"node:",
			"server/clock.ts",
			"server/edit-distance.ts",
		],
		types: ["server/providers/provider.ts"],
		why: "Its search index is a database of its own, not the store.",
	},
	"server/operations": {
		may: ["protocol", "node:", "package.json"],
		why: "A leaf: labels of metrics are the protocol's codes, and everything may count and log.",
	},
};

/** What the code of some folders must not contain, comments aside. */
const textRules: { folders: RegExp; forbidden: RegExp; why: string }[] = [
	{
		folders: /^widget\/(?:session|transport)\//,
		forbidden: /\bdocument\b|\bwindow\b|\bcustomElements\b|\bHTMLElement\b/,
		why: "session and transport touch no page",
	},
	{
		folders: /^widget\//,
		forbidden:
			/innerHTML|outerHTML|insertAdjacentHTML|unsafeHTML|unsafeSVG|DOMParser|createContextualFragment|document\.write|\beval\(|new Function/,
		why: "the widget makes no HTML and no code from strings",
	},
	{
		folders: /^widget\//,
		forbidden: /\sstyle="|styleMap|setAttribute\("style"/,
		why: "the widget has no inline styles, which a strict policy forbids",
	},
	{
		folders: /^(?!server\/(?:main\.ts|cli\/))/,
		forbidden: /\b(?:process|Bun)\.env\b/,
		why: "only main and the command line read the environment",
	},
	{
		folders: /^server\/chat\//,
		forbidden:
			/\b(?:Request|Response|WebSocket|ServerWebSocket|Database)\b|\bSELECT\b|\bINSERT\b/,
		why: "the chat service sees no request, socket or SQL",
	},
];

/** Files whose code breaks a text rule, as `file: rule`. */
const brokenTextRules = (files: readonly SourceFile[]): string[] =>
	textRules.flatMap(({ folders, forbidden, why }) =>
		files
			.filter(({ path }) => folders.test(path))
			.filter(({ text }) => forbidden.test(withoutComments(text)))
			.map(({ path }) => `${path}: ${why}`),
	);

let files: SourceFile[] = [];
beforeAll(async () => {
	files = await readSource();
});

describe("imports", () => {
	test("follow the rule of their folder", () => {
		expect(violations(files, rules)).toEqual([]);
	});
	test("form no circles among files, and none among folders", () => {
		const circles = [
			...circlesOf(graphOf(files)),
			...circlesOf(graphOf(files, moduleOf)),
		];
		expect(circles).toEqual([]);
	});
	test("have no rule for a missing folder", () => {
		const places = files.flatMap(({ path }) => [path, dirname(path)]);
		const stale = Object.keys(rules).filter((place) => !places.includes(place));
		expect(stale).toEqual([]);
	});
});

describe("the source", () => {
	test("opens every file with a comment that says what it is", () => {
		const silent = files.filter(
			({ text }) => !text.replace(/^#!.*\n/, "").startsWith("/**"),
		);
		expect(silent.map(({ path }) => path)).toEqual([]);
	});
	test(`has no function over ${maxFunctionLines} lines`, async () => {
		expect(await longFunctions(files, maxFunctionLines)).toEqual([]);
	}, 30_000);
	test("contains nothing that a text rule forbids", () => {
		expect(brokenTextRules(files)).toEqual([]);
	});
});

/** A line added to a file in memory, and the report it must cause. */
const mutants: { name: string; path: string; add: string; report: string }[] = [
	{
		name: "the log reader imports lit",
		path: "widget/session/log-reader.ts",
		add: 'import { html } from "lit";',
		report: "widget/session/log-reader.ts -> lit",
	},
	{
		name: "the log reader imports a type of lit",
		path: "widget/session/log-reader.ts",
		add: 'import type { TemplateResult } from "lit";',
		report: "widget/session/log-reader.ts -> lit",
	},
	{
		name: "credentials touch the document",
		path: "widget/session/credentials.ts",
		add: 'export const made = document.createElement("p");',
		report:
			"widget/session/credentials.ts: session and transport touch no page",
	},
	{
		name: "user actions decode frames",
		path: "widget/element/actions.ts",
		add: 'import { decodeDown } from "../../protocol/frames.ts";',
		report: "widget/element/actions.ts -> protocol/frames.ts",
	},
	{
		name: "the message view imports the WebSocket transport",
		path: "widget/view/message-view.ts",
		add: 'import { webSocketTransport } from "../transport/websocket.ts";',
		report: "widget/view/message-view.ts -> widget/transport/websocket.ts",
	},
	{
		name: "the usage limits import a type of the chat service",
		path: "server/limits/usage.ts",
		add: 'import type { Chat } from "../chat/chat.ts";',
		report: "server/limits/usage.ts -> server/chat/chat.ts",
	},
	{
		name: "a store names a provider in a type",
		path: "server/store/memory.ts",
		add: 'export type Odd = import("../providers/provider.ts").Provider;',
		report: "server/store/memory.ts -> server/providers/provider.ts",
	},
	{
		name: "a new folder has no rule",
		path: "widget/utils/last.ts",
		add: "/** The last of a list. */",
		report: "widget/utils/last.ts -> no rule for its folder",
	},
];

describe("a change in memory is reported when", () => {
	for (const { name, path, add, report } of mutants)
		test(name, () => {
			const text = files.find((file) => file.path === path)?.text ?? "";
			const changed = [
				...files.filter((file) => file.path !== path),
				{ path, text: `${text}\n${add}\n` },
			];
			const problemsOf = (some: readonly SourceFile[]) => [
				...violations(some, rules),
				...brokenTextRules(some),
			];
			const before = problemsOf(files);
			const fresh = problemsOf(changed).filter((one) => !before.includes(one));
			expect(fresh).toEqual([report]);
		});

	test("two folders import each other's types", () => {
		const changed = files.map((file) =>
			file.path === "server/providers/provider.ts"
				? {
						...file,
						text: `${file.text}\nimport type { Chat } from "../chat/chat.ts";\n`,
					}
				: file,
		);
		expect(circlesOf(graphOf(changed, moduleOf))).toContain(
			"server/chat -> server/providers -> server/chat",
		);
	});
});
