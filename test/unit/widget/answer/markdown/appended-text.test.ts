import { expect, test } from "bun:test";
import { appendedText } from "../../../../../widget/answer/markdown/appended-text.ts";

test("pieces that are what came since are taken for it", () => {
	expect(appendedText("one two three", "one ", ["two", " three"])).toBe(
		"two three",
	);
	expect(appendedText("one", "", ["one"])).toBe("one");
	// Nobody looks at the text then.
	expect(appendedText("one two", "??? ", ["!!!"])).toBe("!!!");
});

test("with pieces of something else, or none, the text is looked at", () => {
	expect(appendedText("one two", "one ", undefined)).toBe("two");
	expect(appendedText("one two", "one ", ["two", "more"])).toBe("two");
	expect(appendedText("one two", "", ["two"])).toBe("one two");
	expect(appendedText("one", "one", [])).toBe("");
});

test("a text that is another has not grown", () => {
	expect(appendedText("two", "one")).toBeUndefined();
	expect(appendedText("on", "one")).toBeUndefined();
	expect(appendedText("", "one", [])).toBeUndefined();
});
