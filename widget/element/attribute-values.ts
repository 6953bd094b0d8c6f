/**
 * Which values the appearance attributes and `transport` accept, and how they become styles.
 *
 * An invalid value counts as absent, and the developer of the page gets one warning in the console.
 */

type Rule = {
	/** For the warning: `Expected mode to be …`. */
	expected: string;
	accepts(value: string): boolean;
};

const oneOf = (...values: string[]): Rule => ({
	expected: values.join(", ").replace(/, ([^,]+)$/, " or $1"),
	accepts: (value) => values.includes(value),
});

const css = (property: string): Rule => ({
	expected: `a CSS ${property}`,
	accepts: (value) => CSS.supports(property, value),
});

const rules: Record<string, Rule> = {
	mode: oneOf("inline", "floating"),
	position: oneOf("bottom-right", "bottom-left", "top-right", "top-left"),
	theme: oneOf("auto", "light", "dark"),
	density: oneOf("comfortable", "compact"),
	transport: oneOf("auto", "websocket", "stream", "poll"),
	accent: css("color"),
	radius: css("border-radius"),
	font: css("font-family"),
	avatar: {
		expected: "an image's address, http(s): or data:image/",
		// Other protocols are rejected: a visitor may have chosen the address.
		accepts: (address) =>
			URL.canParse(address, document.baseURI) &&
			/^(https?:|data:image\/)/.test(new URL(address, document.baseURI).href),
	},
};

/** Attributes that become a custom property `--chat-…`. */
const styled = ["accent", "radius", "font"];

/** The value if it is valid. */
export const validValue = <Value extends string>(
	name: string,
	value: Value | null | undefined,
): Value | undefined =>
	value && rules[name]?.accepts(value) ? value : undefined;

/** Warns about each changed attribute whose value is invalid. */
export function warnAboutInvalidValues(
	element: object,
	changed: Map<string, unknown>,
) {
	for (const [name, { expected, accepts }] of Object.entries(rules)) {
		const value = Reflect.get(element, name);
		if (changed.has(name) && value && !accepts(value))
			console.warn(
				`<chat-stream> expected ${name} to be ${expected}; got "${value}".`,
			);
	}
}

/** Sets the custom properties of changed attributes on the element around launcher and panel. */
export function applyAppearance(
	root: ParentNode,
	element: object,
	changed: Map<string, unknown>,
) {
	const base = root.querySelector<HTMLElement>(".base");
	for (const name of styled)
		if (changed.has(name)) {
			const value = validValue(name, Reflect.get(element, name)) ?? "";
			base?.style.setProperty(`--chat-${name}`, value);
		}
}
