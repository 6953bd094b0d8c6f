/**
 * Copies MathML element by element, and only elements and attributes that are known to be harmless. No
 * style, class, id or address gets through, and no part may be drawn over other text. Knows no TeX.
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
/** The largest length in a formula, in em. */
const maxLength = 12;
/** How far nested elements together may be raised or lowered, in em. */
const maxRaise = 2;
/** A length in another unit is rejected. */
const emsIn: Record<string, number> = {
	em: 1,
	ex: 0.5,
	mu: 1 / 18,
	px: 1 / 16,
	pt: 1 / 12,
	"": 1,
};

/** Returns `undefined` if the formula has an unknown element, is too large or reaches too far. */
export function copyMath(math: Element): Element | undefined {
	return new MathCopy().copy(math, 0);
}

class MathCopy {
	#elements = 0;

	/** @param raised How far the ancestors raise or lower this element, in em. */
	copy(from: Element, raised: number): Element | undefined {
		if (++this.#elements > maxElements || !elements.has(from.localName))
			return undefined;
		const to = document.createElementNS(namespace, from.localName);
		let offset = raised;
		for (const { name, value } of from.attributes) {
			if (lengths.has(name)) {
				const ems = emsOf(value);
				if (!ems?.every((length) => Math.abs(length) <= maxLength))
					return undefined;
				if (name === "voffset") offset += Math.abs(ems[0] ?? 0);
			}
			if (words.has(name) || lengths.has(name)) to.setAttribute(name, value);
		}
		if (offset > maxRaise) return undefined;
		// Columns that meet at a sign.
		const side = /\btml-(left|right)\b/.exec(from.getAttribute("class") ?? "");
		if (side?.[1]) to.setAttribute("data-align", side[1]);
		for (const child of from.childNodes) {
			const next =
				child instanceof Element
					? this.copy(child, offset)
					: document.createTextNode(child.textContent ?? "");
			if (!next) return undefined;
			to.append(next);
		}
		return to;
	}
}

/** The lengths in em; `undefined` if one has an unknown unit. */
function emsOf(value: string): number[] | undefined {
	const ems: number[] = [];
	for (const length of value.split(" ")) {
		const [, number, unit = ""] =
			/^([+-]?(?:\d+\.?\d*|\.\d+))([a-z]*)$/.exec(length) ?? [];
		const inEms = emsIn[unit];
		if (inEms === undefined || number === undefined) return undefined;
		ems.push(Number(number) * inEms);
	}
	return ems;
}
