import { expect, test } from "bun:test";
import { grown } from "../../../../../widget/answer/markdown/grown.ts";

test("pieces that are what came since are taken for it", () => {
	expect(grown("one two three", "one ", ["two", " three"])).toBe("two three");
	expect(grown("one", "", ["one"])).toBe("one");
	// Nobody looks at the text then.
	expect(grown("one two", "??? ", ["!!!"])).toBe("!!!");
});

test("with pieces of something else, or none, the text is looked at", () => {
	expect(grown("one two", "one ", undefined)).toBe("two");
	expect(grown("one two", "one ", ["two", "more"])).toBe("two");
	expect(grown("one two", "", ["two"])).toBe("one two");
	expect(grown("one", "one", [])).toBe("");
});

test("a text that is another has not grown", () => {
	expect(grown("two", "one")).toBeUndefined();
	expect(grown("on", "one")).toBeUndefined();
	expect(grown("", "one", [])).toBeUndefined();
});
