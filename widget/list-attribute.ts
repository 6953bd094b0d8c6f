/** A list as an attribute: one entry a line, or between bars. A converter for the element's properties. */
export const listAttribute = {
	fromAttribute: (value: string | null) =>
		value
			?.split(/[\n|]/)
			.map((entry) => entry.trim())
			.filter(Boolean),
};
