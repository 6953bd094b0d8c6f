import { expect, test } from "bun:test";
import { grown } from "../../../widget/markdown/grown.ts";

test("pieces that are what came since are taken for it", () => {
	expect(grown("one two three", 4, ["two", " three"])).toBe("two three");
	expect(grown("one", 0, ["one"])).toBe("one");
	expect(grown("one", 3, [])).toBe("");
});

test("pieces of something else, or none, mean that the text must be looked at", () => {
	expect(grown("one two", 4, undefined)).toBeUndefined();
	expect(grown("one two", 4, ["two", "more"])).toBeUndefined();
	expect(grown("one two", 0, ["two"])).toBeUndefined();
});
