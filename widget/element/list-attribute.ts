/**
 * A list as a page sets it: an array, or a string with one entry a line or with `|` in between.
 *
 * Attributes are converted when they are set, properties when they are read: a framework may set the
 * property to the attribute's string.
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
