/** The rendered answer does not depend on how its text was split into chunks. */
import fc from "fast-check";
import { MarkdownWriter } from "../../widget/answer/markdown/writer.ts";
import { strings } from "../../widget/i18n/strings.ts";

const atoms =
	'[foo]:·/u\n|[foo]:·https://a.example/\n|[foo]·|[foo][]·|[bar](https://b.example/x·"t")·|[https://c.example](https://d.example)·|[w](|](|[*x*·`y`](https://e.example)|![i](https://h.example/i.png)|![*i*](https://pictures.example/i.png·"t")|(https://f.example/a_b(c)·|*www.g.example/z.·|a@b.example·|<https://i.example>·|¦a¦b¦\n¦:-¦-:¦\n|¦`\\¦`¦*x¦\n|-·[·]·|-·[x]·[l](https://j.example)\n|*|**|_|~~|`|``|<b>|&amp;|&#x202e;|\u202e|\u200b|\ud83d|\ude00|😀|\r|\r\n|$$\nx\n$$\n|```js\n|~~~\n|>·|-·|1.·|#·|---\n|\n|\n\n|··|····|漢字|word·'
		.split("|")
		.map((atom) => atom.replaceAll("·", " ").replaceAll("¦", "|"));

const texts = fc
	.array(fc.constantFrom(...atoms), { maxLength: 20 })
	.map((parts) => parts.join(""));

function show(text: string, sizes: readonly number[]): Element {
	const root = document.createElement("div");
	const writer = new MarkdownWriter(root, {
		labels: { ...strings, tooLong: strings.unformatted },
		imageHosts: ["pictures.example"],
	});
	for (let end = 0, turn = 0; end < text.length; turn++) {
		end += sizes[turn % sizes.length] ?? text.length;
		writer.write(text.slice(0, end));
	}
	writer.end();
	return root;
}

it("any text in any chunks gives the same tree as the whole", () => {
	fc.assert(
		fc.property(
			texts,
			fc.array(fc.integer({ min: 1, max: 17 }), { minLength: 1, maxLength: 8 }),
			(text, sizes) => {
				const whole = show(text, []);
				for (const some of [sizes, [1]]) {
					const root = show(text, some);
					if (!root.isEqualNode(whole))
						throw new Error(
							`Expected ${whole.innerHTML}; got ${root.innerHTML}.`,
						);
				}
			},
		),
		{ seed: 20261123, numRuns: 1_500 },
	);
});
