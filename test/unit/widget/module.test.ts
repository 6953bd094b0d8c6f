/** The module as a server that renders pages meets it: no DOM, and nothing to register with. */
import { expect, test } from "bun:test";

test("the module loads without a DOM, and registers nothing", async () => {
	expect(typeof document).toBe("undefined");
	const { ChatStream, createSession } = await import(
		"../../../widget/module.ts"
	);
	expect(ChatStream.name).toBe("ChatStream");
	expect(createSession).toBeFunction();
	expect(ChatStream.defaultSrc).toBeUndefined();
});
