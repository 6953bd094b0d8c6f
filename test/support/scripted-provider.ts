/**
 * A provider controlled by the question, so that a test chooses the model's behaviour over the wire:
 * `CHAT_PROVIDER=…/scripted-provider.ts` for the real program, `scriptedProvider()` in process. The first word is the
 * command, see `commands`; any other text is echoed.
 */
import { ChatError } from "../../protocol/errors.ts";
import type {
	Chunk,
	Provider,
	ReplyRequest,
} from "../../server/providers/provider.ts";

type Write = (
	words: string[],
	request: ReplyRequest,
	signal: AbortSignal,
) => AsyncIterable<Chunk> | Iterable<Chunk>;

/** Resolves when a question `release <name>` has been asked, in any conversation. */
const gates = new Map<string, PromiseWithResolvers<void>>();

function gate(name = ""): PromiseWithResolvers<void> {
	const found = gates.get(name) ?? Promise.withResolvers<void>();
	gates.set(name, found);
	return found;
}

/** A vendor error with a word that no visitor may see. */
const failure = (status: number) =>
	Object.assign(new Error(`canary-of-the-vendor status ${status}`), { status });

const commands: Record<string, Write> = {
	/** `count 50`: "1 2 3 … 50 ", each number in its own chunk. */
	async *count([n]) {
		for (let i = 1; i <= Number(n); i++) {
			yield `${i} `;
			await turn();
		}
	},
	/** `slow 5 100`: as `count 100`, a chunk every 5 ms. */
	async *slow([ms, n], _request, signal) {
		for (let i = 1; i <= Number(n) && !signal.aborted; i++) {
			yield `${i} `;
			await wait(Number(ms), signal);
		}
	},
	/** `endless 5`: a chunk every 5 ms until it is aborted. */
	async *endless([ms], _request, signal) {
		for (let i = 1; !signal.aborted; i++) {
			yield `${i} `;
			await wait(Number(ms), signal);
		}
	},
	/** Sends nothing until it is aborted. */
	// biome-ignore lint/correctness/useYield: a generator without output
	async *silent(_words, _request, signal) {
		await wait(3_600_000, signal);
	},
	/** `hold x`: one chunk, then waits for `release x`, then another chunk. */
	async *hold([name], _request, signal) {
		yield "held";
		await Promise.race([gate(name).promise, wait(3_600_000, signal)]);
		yield " and released";
	},
	release([name]) {
		gate(name).resolve();
		return ["released"];
	},
	/** `throw`: fails after one chunk; `throw first`: before the first. */
	async *throw([when]) {
		if (when !== "first") yield "Half an answer";
		await turn();
		throw failure(500);
	},
	/** `error 429`: fails with a vendor error before the first chunk. */
	// biome-ignore lint/correctness/useYield: a generator that fails at once
	async *error([status]) {
		await turn();
		throw failure(Number(status));
	},
	/** `refuse provider_timeout`: throws a ChatError with that code. */
	// biome-ignore lint/correctness/useYield: a generator that fails at once
	async *refuse([code]) {
		throw new ChatError(
			code as "provider_failed",
			"The model is having a rest.",
		);
	},
	/** `half emoji`: one character split into two chunks; `half only`: only its first half. */
	async *half([what]) {
		yield "a\ud83d";
		await turn();
		if (what === "emoji") yield "\ude00b";
	},
	/** `huge 200000`: 200,000 characters in one chunk. */
	huge([length]) {
		return [hugeText(Number(length))];
	},
	/** `bulk 64 16000`: 64 chunks of 16,000 characters. */
	async *bulk([pieces, length]) {
		for (let i = 0; i < Number(pieces); i++) {
			yield hugeText(Number(length));
			await turn();
		}
	},
	/** Fails in the middle, unless the request continues an answer; then it echoes the text it received and ends. */
	async *halves(_words, { beginning }) {
		if (beginning === undefined) {
			yield "First half,";
			await turn();
			throw failure(500);
		}
		yield ` second half after ${beginning.length} characters`;
	},
	/** `reason length`: ends with that reason. */
	reason([reason]) {
		return [{ text: "Some text", reason: reason as "length" }];
	},
	facts() {
		const usage = { input: 3, output: 5 };
		const sources = [{ title: "A page", url: "/docs/a" }];
		return ["Known", { usage, sources }];
	},
	empty: () => [],
	/** The page context that the model received, as JSON. */
	context: (_words, { context }) => [JSON.stringify(context ?? null)],
	/** What the model's code knows of the visitor, as JSON. */
	visitor: (_words, { visitor }) => [JSON.stringify(visitor ?? null)],
	/** The earlier messages, as JSON. */
	turns: (_words, { turns }) => [JSON.stringify(turns)],
};

export function scriptedProvider(): Provider & { readonly asked: string[] } {
	const asked: string[] = [];
	return {
		name: "scripted",
		asked,
		async *reply(request, signal) {
			const question =
				request.turns.findLast(({ role }) => role === "user")?.content ?? "";
			asked.push(question);
			const [command = "", ...words] = question.split(" ");
			const write = Object.hasOwn(commands, command)
				? commands[command]
				: undefined;
			if (write) yield* write(words, request, signal);
			else yield `You said: ${question}`;
		},
	};
}

export default scriptedProvider();

/** Text with characters of one to four bytes, the same for the same length. */
export function hugeText(length: number): string {
	const row = "0123456789 äöü 日本語 😀 ";
	return row
		.repeat(Math.ceil(length / row.length))
		.slice(0, length)
		.toWellFormed();
}

/** One turn of the event loop, so that chunks stay separate. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

const wait = (ms: number, signal: AbortSignal) =>
	new Promise<void>((resolve) => {
		if (signal.aborted) return resolve();
		const done = () => {
			clearTimeout(timer);
			signal.removeEventListener("abort", done);
			resolve();
		};
		const timer = setTimeout(done, ms);
		signal.addEventListener("abort", done);
	});
