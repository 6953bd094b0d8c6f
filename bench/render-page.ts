/**
 * The page's side of the rendering benchmark: feeds tokens to one renderer, step by step.
 *
 * `render.ts` measures; this file takes no times.
 */
import DOMPurify from "dompurify";
import { marked } from "marked";
import * as smd from "streaming-markdown";

interface Renderer {
	push?(token: string): void;
	/** Called once per step, after its tokens. */
	step?(): void;
	end?(): void;
}

type Maker = (out: HTMLElement) => Renderer | Promise<Renderer>;

const labels = {
	copy: "Copy",
	copied: "Copied",
	code: () => "Code",
	table: "Table",
	tooLong: "Too long",
	done: "Done",
	toDo: "To do",
};
const ourBuild = "/chat-stream.markdown.js";

/** Renders the whole text so far each time. */
function viaHtml(out: HTMLElement, when: "push" | "step"): Renderer {
	let text = "";
	const render = () => {
		out.innerHTML = DOMPurify.sanitize(marked.parse(text) as string);
	};
	return {
		push(token) {
			text += token;
			if (when === "push" && isSampled()) render();
		},
		step() {
			if (when === "step" && isSampled()) render();
		},
	};
}

export const renderers = {
	/** The harness itself; subtracted from all others. */
	nothing: () => ({}),
	"text, per token": (out) => {
		out.className = "raw";
		const node = out.appendChild(document.createTextNode(""));
		return { push: (token) => node.appendData(token) };
	},
	"text, per step": (out) => {
		out.className = "raw";
		const node = out.appendChild(document.createTextNode(""));
		let text = "";
		return {
			push(token) {
				text += token;
			},
			step() {
				node.appendData(text);
				text = "";
			},
		};
	},
	/** The best case of the widget's plain writer: a paragraph per block, so that layout stays small. */
	"text in blocks": (out) => {
		out.className = "raw";
		const open = () =>
			out
				.appendChild(document.createElement("p"))
				.appendChild(document.createTextNode(""));
		let node = open();
		let text = "";
		return {
			push(token) {
				text += token;
			},
			step() {
				const [first = "", ...others] = text.split("\n\n");
				node.appendData(first);
				for (const other of others) {
					node = open();
					node.appendData(other);
				}
				text = "";
			},
		};
	},
	"chat-stream": async (out) => {
		const { MarkdownWriter }: typeof import("../widget/answer/answer.ts") =
			await import(ourBuild);
		const writer = new MarkdownWriter(out, { labels });
		let text = "";
		let fresh: string[] = [];
		return {
			push(token) {
				text += token;
				fresh.push(token);
			},
			// Like the element: with the new chunks only.
			step() {
				writer.write(text, fresh);
				fresh = [];
			},
			end: () => writer.end(),
		};
	},
	"streaming-markdown": (out) => {
		const parser = smd.parser(smd.default_renderer(out));
		return {
			push: (token) => smd.parser_write(parser, token),
			end: () => smd.parser_end(parser),
		};
	},
	"marked, per step": (out) => viaHtml(out, "step"),
	"marked, per token": (out) => viaHtml(out, "push"),
} satisfies Record<string, Maker>;

export type RendererName = keyof typeof renderers;

/** The sampling rate of renderings, and the number requested. */
let sample = 1;
let asked = 0;
const isSampled = () => asked++ % sample === sample - 1;

let tokens: readonly string[] = [];
let renderer: Renderer = {};
let at = 0;

const bench = {
	async begin(name: RendererName, all: readonly string[]) {
		tokens = all;
		const out = document.getElementById("out") as HTMLElement;
		renderer = await (renderers[name] as Maker)(out);
	},
	/**
	 * Feeds tokens up to `to`, `perStep` of them per step, and renders every `oneIn`th time. A step is
	 * an animation frame or a task.
	 */
	run(to: number, perStep: number, oneIn: number, inFrames: boolean) {
		sample = oneIn;
		asked = 0;
		const box = document.getElementById("box") as HTMLElement;
		const { port1, port2 } = new MessageChannel();
		return new Promise<void>((resolve) => {
			const next = () =>
				inFrames ? requestAnimationFrame(step) : port2.postMessage("");
			const step = () => {
				for (const end = Math.min(to, at + perStep); at < end; at++)
					renderer.push?.(tokens[at] ?? "");
				renderer.step?.();
				if (at === tokens.length) renderer.end?.();
				if (inFrames) box.scrollTop = box.scrollHeight;
				if (at < to) next();
				else requestAnimationFrame(() => resolve());
			};
			port1.onmessage = step;
			next();
		});
	},
	/** The result, to check that no renderer leaves something out. */
	counts() {
		const out = document.getElementById("out") as HTMLElement;
		const tags = [
			":is(h2, h3, h4, h5)",
			"li",
			"pre",
			"tr",
			"a",
			"strong",
			"em",
		];
		return tags.map((tag) => out.querySelectorAll(tag).length).join(" ");
	},
};

export type Bench = typeof bench;
Object.assign(globalThis, { bench });
