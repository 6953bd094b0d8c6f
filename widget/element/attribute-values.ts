/**
 * Which values the appearance attributes and `transport` accept, and how they become styles.
 *
 * An invalid value counts as absent, and the developer of the page gets one warning in the console.
 */

const choices: Record<string, readonly string[]> = {
	mode: ["inline", "floating"],
	position: ["bottom-right", "bottom-left", "top-right", "top-left"],
	theme: ["auto", "light", "dark"],
	density: ["comfortable", "compact"],
	transport: ["auto", "websocket", "stream", "poll"],
};

/** Attributes that become a custom property `--chat-…`, with the CSS property whose syntax they have. */
const cssProperties: Record<string, string> = {
	accent: "color",
	radius: "border-radius",
	font: "font-family",
};

/** Other protocols are rejected: a visitor may have chosen the address. */
const isImage = (address: string) =>
	URL.canParse(address, document.baseURI) &&
	/^(https?:|data:image\/)/.test(new URL(address, document.baseURI).href);

function isValid(name: string, value: string) {
	const property = cssProperties[name];
	if (property) return CSS.supports(property, value);
	return choices[name]?.includes(value) ?? isImage(value);
}

/** For the warning: `a, b or c`. */
function expectationOf(name: string) {
	const property = cssProperties[name];
	if (property) return `a CSS ${property}`;
	return (
		choices[name]?.join(", ").replace(/, ([^,]+)$/, " or $1") ??
		"an image's address, http(s): or data:image/"
	);
}

/** The value if it is valid. */
export const validValue = <Value extends string>(
	name: string,
	value: Value | null | undefined,
): Value | undefined => (value && isValid(name, value) ? value : undefined);

/** Warns about each changed attribute whose value is invalid. */
export function warnAboutInvalidValues(
	element: object,
	changed: Map<string, unknown>,
) {
	for (const name of Object.keys({ ...choices, ...cssProperties, avatar: 0 })) {
		const value = Reflect.get(element, name);
		if (changed.has(name) && value && !isValid(name, value))
			console.warn(
				`<chat-stream> expected ${name} to be ${expectationOf(name)}; got "${value}".`,
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
	for (const name of Object.keys(cssProperties))
		if (changed.has(name)) {
			const value = validValue(name, Reflect.get(element, name)) ?? "";
			base?.style.setProperty(`--chat-${name}`, value);
		}
}
