/** What is parsed from an HTTP request. */
import { expect, test } from "bun:test";
import { readBody } from "../../../../../server/endpoints/http/request.ts";

const post = (body: BodyInit) =>
	new Request("http://localhost/chat/frames", { method: "POST", body });

/** A body that fails after its first chunk, as when the client disconnects. */
const cutBody = () => {
	const chunks = [new TextEncoder().encode('{"type":')];
	return new ReadableStream<Uint8Array>({
		pull(controller) {
			const chunk = chunks.pop();
			if (chunk) controller.enqueue(chunk);
			else controller.error(new Error("The connection was closed."));
		},
	});
};

test("a body that ends early is a bad frame, not an internal error", async () => {
	await expect(readBody(post(cutBody()))).rejects.toMatchObject({
		code: "bad_frame",
		message: "The request body ended early.",
	});
});

test("a body that is not UTF-8 is a bad frame", async () => {
	const body = new Uint8Array([0xff, 0xfe]);
	await expect(readBody(post(body))).rejects.toMatchObject({
		code: "bad_frame",
	});
});

test("a body of 64 KiB is read, a longer one is too large", async () => {
	expect(await readBody(post("x".repeat(65_536)))).toHaveLength(65_536);
	await expect(readBody(post("x".repeat(65_537)))).rejects.toMatchObject({
		code: "too_large",
	});
});
