/**
 * A visitor's tab in a real browser: a page of another origin with the built element, and the visible state of
 * that element.
 *
 * Every wait has a condition and a deadline. Knows the element's parts and no transport.
 */
import { expect } from "bun:test";
import type { BrowserContext, Page } from "puppeteer-core";
import {
	type Conversation,
	emptyConversation,
	reduce,
} from "../../protocol/conversation.ts";
import { decodePage } from "../../protocol/frames.ts";
import type {} from "../../widget/element/chat-stream.ts";
import type { Connection, Diagnostics } from "../../widget/session/types.ts";
import { isDriverError } from "./emulation.ts";

const patienceMs = 8_000;
/** The interval between two looks at a page, ms. */
const lookMs = 40;

/** The visible state of an element. */
export type Look = {
	messages: { role: "user" | "assistant"; text: string; isWhole: boolean }[];
	connection: Connection;
	diagnostics: Diagnostics | undefined;
	/** The connection notice. */
	notice: string | undefined;
	draft: string;
};

export type Embedding = {
	/** The origin of the script: the server, or a proxy for it. */
	server: string;
	transport?: string;
	/** The number of elements on the page. @default 1 */
	elements?: number;
	/** The page's Content-Security-Policy. */
	policy?: string;
};

/** Serves pages with the element from another origin; `/away` is a page without it. */
export function startSite() {
	const site = Bun.serve({
		port: 0,
		hostname: "127.0.0.1",
		fetch(request) {
			const { pathname, searchParams } = new URL(request.url);
			const policy = searchParams.get("policy");
			const headers = {
				"Content-Type": "text/html; charset=utf-8",
				...(policy && { "Content-Security-Policy": policy }),
			};
			const body = pathname === "/away" ? "<p>Away." : bodyOf(searchParams);
			return new Response(`<!doctype html><title>A page</title>${body}`, {
				headers,
			});
		},
	});
	const url = `http://127.0.0.1:${site.port}`;
	return {
		away: `${url}/away`,
		page({ elements = 1, ...more }: Embedding): string {
			const query = new URLSearchParams({ elements: `${elements}`, ...more });
			return `${url}/?${query}`;
		},
		stop: () => site.stop(true),
	};
}

function bodyOf(query: URLSearchParams): string {
	const transport = query.get("transport") ?? "auto";
	const element = `<chat-stream transport="${transport}"></chat-stream>`;
	const elements = element.repeat(Number(query.get("elements")));
	return `<script src="${query.get("server")}/chat-stream.js" async></script>${elements}`;
}

/** Opens a URL in a new tab and brings it to the front. */
export async function openTab(
	context: BrowserContext,
	address: string,
): Promise<Tab> {
	const page = await context.newPage();
	await page.evaluateOnNewDocument(() => {
		const blocked: string[] = [];
		const sockets: WebSocket[] = [];
		const Counted = class extends WebSocket {
			constructor(address: string, protocol: string) {
				super(address, protocol);
				sockets.push(this);
			}
		};
		Object.assign(window, { blocked, sockets, WebSocket: Counted });
		document.addEventListener("securitypolicyviolation", ({ blockedURI }) =>
			blocked.push(blockedURI),
		);
	});
	const tab = new Tab(page);
	await page.goto(address, { waitUntil: "domcontentloaded" });
	return tab;
}

export class Tab {
	readonly page: Page;
	/** Errors and warnings of the console, and uncaught errors. */
	readonly said: string[] = [];

	constructor(page: Page) {
		this.page = page;
		page.on("pageerror", (error) => {
			if (!isDriverError(error)) this.said.push(String(error));
		});
		page.on("console", (message) => {
			if (["error", "warn"].includes(message.type()))
				this.said.push(message.text());
		});
	}

	/** The visible state of the `nth` element. */
	look(nth = 0): Promise<Look> {
		return this.page.evaluate((nth) => {
			const element = document.querySelectorAll("chat-stream")[nth];
			const root = element?.shadowRoot;
			if (!element || !root) throw new Error("There is no element yet.");
			const textOf = (part: string, of: ParentNode = root) =>
				of.querySelector(`[part~="${part}"]`)?.textContent ?? undefined;
			return {
				messages: [...root.querySelectorAll('[part~="message"]')].map(
					(message) => ({
						role: message.part.contains("user")
							? ("user" as const)
							: ("assistant" as const),
						text: (textOf("text", message) ?? "").trim(),
						isWhole:
							!message.matches(".sending") &&
							!message.querySelector('[part~="life"]'),
					}),
				),
				connection: element.connection,
				diagnostics: element.diagnostics(),
				notice: textOf("notice")?.trim(),
				draft: root.querySelector("textarea")?.value ?? "",
			};
		}, nth);
	}

	/** The number of WebSockets that the page has created, and of those that are open. */
	sockets = () =>
		this.page.evaluate(() => {
			const { sockets } = window as unknown as { sockets: WebSocket[] };
			const open = sockets.filter(({ readyState }) => readyState === 1);
			return { made: sockets.length, open: open.length };
		});

	/** The URLs that the page's policy has blocked. */
	blocked = () =>
		this.page.evaluate(
			() => (window as unknown as { blocked: string[] }).blocked,
		);

	/** Resolves with the first state that matches. A page during a navigation does not match. */
	async when(
		fits: (look: Look) => boolean,
		what: string,
		{ ms = patienceMs, nth = 0 } = {},
	): Promise<Look> {
		const deadline = Date.now() + ms;
		let last: unknown;
		for (;;) {
			try {
				const look = await within(deadline, this.look(nth));
				if (fits(look)) return look;
				last = look;
			} catch (error) {
				last ??= String(error);
			}
			if (Date.now() >= deadline)
				throw new Error(`No ${what} in ${ms} ms: ${JSON.stringify(last)}`);
			await Bun.sleep(lookMs);
		}
	}

	ready = (transport?: string, ms = patienceMs) =>
		this.when(
			({ connection }) =>
				connection.state === "ready" &&
				(transport ?? connection.transport) === connection.transport,
			`line by ${transport ?? "any transport"}`,
			{ ms },
		);

	/** The answer to the last question shows its first text. */
	growing = (nth = 0) =>
		this.when(
			({ messages }) =>
				messages.at(-1)?.role === "assistant" &&
				messages.at(-1)?.text !== "" &&
				!messages.at(-1)?.isWhole,
			"answer that grows",
			{ nth },
		);

	/** This number of messages, all complete. */
	whole = (count: number, { ms = patienceMs, nth = 0 } = {}) =>
		this.when(
			({ messages }) =>
				messages.length === count && messages.every(({ isWhole }) => isWhole),
			`${count} whole messages`,
			{ ms, nth },
		);

	/** Asks as the visitor does, by typing. */
	async ask(text: string, nth = 0) {
		await this.type(text, nth);
		await this.page.keyboard.press("Enter");
	}

	async type(text: string, nth = 0) {
		await this.page.evaluate((nth) => {
			document.querySelectorAll("chat-stream")[nth]?.focus();
		}, nth);
		await this.page.keyboard.type(text);
	}

	/** The visitor's credentials for `server`, the server itself and no proxy. */
	async visitor(server: string): Promise<Visitor> {
		const kept = await this.page.evaluate(() => {
			const name = Object.keys(localStorage).find((key) =>
				key.endsWith(" identity"),
			);
			return localStorage.getItem(name ?? "");
		});
		return new Visitor(server, JSON.parse(kept ?? "{}"));
	}

	/** Checks that the element shows the server's log, in which each question is once and has one answer. */
	async expectFaithful(server: string, questions: string[], nth = 0) {
		const visitor = await this.visitor(server);
		const { messages: stored } = await visitor.log();
		const { messages: shown, diagnostics } = await this.look(nth);
		expect(shown.map(({ role, text }) => ({ role, text }))).toEqual(
			stored.map(({ role, text }) => ({ role, text: text.trim() })),
		);
		const asked = stored.filter(({ role }) => role === "user");
		expect(asked.map(({ text }) => text)).toEqual(questions);
		expect(stored).toHaveLength(2 * questions.length);
		expect(diagnostics?.integrityAlarms).toBe(0);
	}
}

/** Reads the server's log of a conversation without a page. */
export class Visitor {
	readonly #address: string;
	readonly #token: string;

	constructor(server: string, kept: { token: string; conversation: string }) {
		const { token, conversation } = kept;
		const query = new URLSearchParams({ conversation, wait: "0" });
		this.#address = `${server}/chat/events?${query}`;
		this.#token = token;
	}

	async log(): Promise<Conversation> {
		const headers = {
			Accept: "application/json",
			Authorization: `Bearer ${this.#token}`,
		};
		const answer = await fetch(this.#address, { headers });
		const { events } = decodePage(await answer.text());
		return events.reduce(
			(picture, event) => reduce(picture, event).conversation,
			emptyConversation,
		);
	}

	/** Waits until there is this number of messages, none of them open. */
	async closed(count: number) {
		const deadline = Date.now() + patienceMs;
		for (;;) {
			const { messages, open } = await this.log();
			if (messages.length === count && open === undefined) return;
			if (Date.now() >= deadline)
				throw new Error(`No ${count} closed messages in ${patienceMs} ms.`);
			await Bun.sleep(lookMs);
		}
	}
}

/** Limits a call to a page, because a page that hangs never answers. */
async function within<Value>(
	deadline: number,
	work: Promise<Value>,
): Promise<Value> {
	const late = Promise.withResolvers<never>();
	const timer = setTimeout(
		() => late.reject(new Error("The page does not answer.")),
		Math.max(1, deadline - Date.now()),
	);
	try {
		return await Promise.race([work, late.promise]);
	} finally {
		clearTimeout(timer);
	}
}
