/**
 * A list as a page gives it: an array, or a string with one entry a line, or with bars in between.
 *
 * The converter of the element's list attributes, and once more where their properties are read: a
 * framework that finds a property of the attribute's name sets that, and to a string.
 */
export const listOf = (
	value: string | readonly string[] | null | undefined,
): readonly string[] | undefined =>
	typeof value === "string"
		? value
				.split(/[\n|]/)
				.map((entry) => entry.trim())
				.filter(Boolean)
		: (value ?? undefined);

export const listAttribute = { fromAttribute: listOf };
