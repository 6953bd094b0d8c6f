/** What an owner of a server writes. The compiler must report each line marked as an error. */
import {
	type Chunk,
	defineConfig,
	type Provider,
	type ReplyRequest,
} from "chat-stream/server";

export async function* reply(
	{ turns, context, beginning }: ReplyRequest,
	signal: AbortSignal,
): AsyncGenerator<Chunk> {
	yield turns.at(-1)?.content ?? beginning ?? String(context?.url);
	if (signal.aborted) return;
	yield {
		usage: { input: 1, output: 2 },
		sources: [{ title: "Handbook", url: "https://example.com/handbook" }],
		reason: "length",
	};
	// @ts-expect-error: only a visitor stops a reply.
	yield { reason: "stopped" };
	// @ts-expect-error: a chunk is text or an object of facts.
	yield 7;
}

const provider: Provider = { name: "mine", reply, close() {} };

export const byName = defineConfig({ port: 9000, provider: "openai" });
export const byFunction = defineConfig({ provider: reply });
export const byObject = defineConfig({
	provider,
	origins: ["https://shop.example"],
	secret: undefined,
});
// @ts-expect-error: unknown setting.
export const unknownSetting = defineConfig({ prot: 9000 });
// @ts-expect-error: a port is a number.
export const wrongKind = defineConfig({ port: "9000" });
