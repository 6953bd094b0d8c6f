/**
 * The attributes that say how the chat looks: what each may be, and where it goes.
 *
 * Used by the element. A wrong value counts as none, and whoever writes the page reads one warning.
 */

/** What an attribute may be, as the warning says it, and as its check reads it. */
const expected: Record<string, string> = {
	mode: "inline or floating",
	position: "bottom-right, bottom-left, top-right or top-left",
	theme: "auto, light or dark",
	density: "comfortable or compact",
	transport: "auto, websocket, stream or poll",
	accent: "a CSS color",
	radius: "a CSS border-radius",
	font: "a CSS font-family",
	avatar: "an image's address, http(s): or data:image/",
};

/** Those that a custom property takes on. */
const dressed = ["accent", "radius", "font"];

/** Nothing else is asked for by an image that a page's visitors may have had a hand in. */
const isImage = (address: string) =>
	URL.canParse(address, document.baseURI) &&
	/^(https?:|data:image\/)/.test(new URL(address, document.baseURI).href);

const fits = (name: string, value: string) => {
	if (name === "avatar") return isImage(value);
	const [, property] = expected[name]?.split("a CSS ") ?? [];
	return property
		? CSS.supports(property, value)
		: expected[name]?.split(/, | or /).includes(value);
};

/** The value, if it is one that counts. */
export const validValue = <Value extends string>(
	name: string,
	value: Value | null | undefined,
): Value | undefined => (value && fits(name, value) ? value : undefined);

/** Warns of what has changed and is wrong. */
export function warnAboutInvalidValues(
	element: object,
	changed: Map<string, unknown>,
) {
	for (const [name, what] of Object.entries(expected)) {
		const value = Reflect.get(element, name);
		if (changed.has(name) && value && !fits(name, value))
			console.warn(
				`<chat-stream> expected ${name} to be ${what}; got "${value}".`,
			);
	}
}

/** Puts what has changed of colour, corners and type on what holds launcher and panel. */
export function applyAppearance(
	root: ParentNode,
	element: object,
	changed: Map<string, unknown>,
) {
	const base = root.querySelector<HTMLElement>(".base");
	for (const name of dressed)
		if (changed.has(name)) {
			const value = validValue(name, Reflect.get(element, name)) ?? "";
			base?.style.setProperty(`--chat-${name}`, value);
		}
}
