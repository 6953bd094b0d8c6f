import { describe, expect, test } from "bun:test";
import type { Turn } from "../../../../server/providers/provider.ts";
import {
	answeredTurns,
	messagesOf,
} from "../../../../server/providers/turns.ts";
import { request } from "../../../support/ask.ts";

const system = (content: string): Turn => ({ role: "system", content });
const user = (content: string): Turn => ({ role: "user", content });
const assistant = (content: string): Turn => ({ role: "assistant", content });
const everything = { system: true, prefill: true };

const messages = (...turns: Turn[]) =>
	messagesOf(request("", { turns }), everything);

describe("the messages for a model", () => {
	test("turns that alternate stay as they are", () => {
		const turns = [system("s"), user("a"), assistant("b"), user("c")];
		expect(messages(...turns)).toEqual(turns);
	});

	test("questions without an answer stand in one turn with the next one", () => {
		expect(
			messages(user("a"), user("b"), assistant("c"), user("d"), user("e")),
		).toEqual([user("a\n\nb"), assistant("c"), user("d\n\ne")]);
	});

	test("a question that was sent again stands there once", () => {
		expect(messages(user("a"), user("a"), user("a"))).toEqual([user("a")]);
	});

	test("an answer of white space is left out", () => {
		expect(messages(user("a"), assistant(" \n"), user("b"))).toEqual([
			user("a\n\nb"),
		]);
	});

	test("the request is not changed", () => {
		const asked = request("", {
			turns: [system("s"), user("a"), user("b")],
			context: { title: "T" },
		});
		const before = structuredClone(asked);
		messagesOf(asked, { system: false, prefill: false });
		expect(asked).toEqual(before);
	});

	test("no word of a visitor or a page is in the role system, whatever is accepted", () => {
		const canary = "canary-of-the-visitor";
		for (const prefill of [true, false])
			for (const beginning of [undefined, `${canary} 3`]) {
				const turns = [system("s"), user(`${canary} 1`)];
				if (beginning) turns.push(assistant(beginning));
				const context = { [canary]: `${canary} 2` };
				const asked = request("", { turns, context, beginning });
				const sent = messagesOf(asked, { system: true, prefill });
				for (const { role, content } of sent)
					if (role === "system") expect(content).not.toContain(canary);
				expect(JSON.stringify(sent)).toContain(`${canary} 2`);
			}
	});
});

test("an owner's code gets no question without an answer, and the last question unchanged", () => {
	expect(
		answeredTurns([
			system("s"),
			user("a"),
			user("b"),
			assistant("c"),
			user("d"),
			assistant(" "),
			user("e"),
		]),
	).toEqual([system("s"), user("b"), assistant("c"), user("e")]);
});
