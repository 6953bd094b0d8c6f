/**
 * Copies MathML, element by element, and takes over only what is known to be harmless.
 *
 * Used by part.ts. No style, no class, no id and no address gets through, whatever a formula says.
 */

const namespace = "http://www.w3.org/1998/Math/MathML";

const elements = new Set(
	"math mrow mi mn mo ms mtext mspace msup msub msubsup mfrac msqrt mroot mover munder munderover mtable mtr mtd mpadded mphantom mstyle mmultiscripts mprescripts none menclose".split(
		" ",
	),
);
const words = new Set(
	"display mathvariant stretchy fence separator form largeop movablelimits accent accentunder symmetric displaystyle scriptlevel notation columnlines rowlines rowspan columnspan".split(
		" ",
	),
);
const lengths = new Set(
	"lspace rspace minsize maxsize width height depth voffset linethickness rowspacing columnspacing".split(
		" ",
	),
);

const maxElements = 3_000;
/** Further than this nothing of a formula is drawn from its place, in em. */
const maxReach = 12;
/** Units that are not here are no reason to trust a number. */
const emsIn: Record<string, number> = {
	em: 1,
	ex: 0.5,
	mu: 1 / 18,
	px: 1 / 16,
	pt: 1 / 12,
	"": 1,
};

/** `undefined`: there is something in it that is not taken over, or too much. */
export function copyMath(math: Element): Element | undefined {
	let left = maxElements;
	const copy = (from: Element): Element | undefined => {
		if (--left < 0 || !elements.has(from.localName)) return undefined;
		const to = document.createElementNS(namespace, from.localName);
		for (const { name, value } of from.attributes) {
			if (lengths.has(name) && !isNear(value)) return undefined;
			if (words.has(name) || lengths.has(name)) to.setAttribute(name, value);
		}
		// Columns that meet at a sign.
		const side = /\btml-(left|right)\b/.exec(from.getAttribute("class") ?? "");
		if (side?.[1]) to.setAttribute("data-align", side[1]);
		for (const child of from.childNodes) {
			const next =
				child instanceof Element
					? copy(child)
					: document.createTextNode(child.textContent ?? "");
			if (!next) return undefined;
			to.append(next);
		}
		return to;
	};
	return copy(math);
}

function isNear(value: string): boolean {
	return value.split(" ").every((length) => {
		const [, number, unit = ""] =
			/^([+-]?(?:\d+\.?\d*|\.\d+))([a-z]*)$/.exec(length) ?? [];
		const inEms = emsIn[unit];
		return inEms !== undefined && Math.abs(Number(number)) * inEms <= maxReach;
	});
}
