/** Questions and answers of the screenshots: once left to right, once right to left. */
import { ChatError } from "../../protocol/errors.ts";
import type { Provider } from "../../server/providers/provider.ts";

export type Words = {
	heading: string;
	greeting: string;
	suggestions: string;
	question: string;
	/** The text in the composer. */
	draft: string;
	answer: string;
};

const code =
	"```ts\nconst pressure = (kg: number) => Math.round(kg * 0.6); // psi\n```";
const formula = "$$p = \\frac{F}{A}$$";

export const words: Record<"en" | "ar", Words> = {
	en: {
		heading: "Ask the workshop",
		greeting: "What is your bicycle up to?",
		suggestions: "My gears skip under load|How much air?|Can I bring it today?",
		question: "How much air should be in my tyres?",
		draft: "And in the rain?",
		answer: `## By width and weight

A **wider** tyre wants *less* air; never go above what is printed on the tyre itself. For a rider of 75 kg:

| Width | Front | Rear |
| ----- | ----: | ---: |
| 28 mm | 4.5 bar | 5.0 bar |
| 40 mm | 2.6 bar | 3.0 bar |
| 54 mm | 1.6 bar | 1.9 bar |

1. Pump a little too much.
2. Let air out until the [rim](https://example.com/rims) no longer rattles.

- [x] Checked when cold
- [ ] Checked again after a week

${code}

> Too soft is slow. Too hard is slower.

Pressure is force by area:

${formula}

That is all there is to it.`,
	},
	ar: {
		heading: "اسأل الورشة",
		greeting: "ما أخبار دراجتك؟",
		suggestions: "التروس تقفز عند الضغط|كم من الهواء؟|هل أحضرها اليوم؟",
		question: "كم من الهواء أحتاج في الإطارات؟",
		draft: "وماذا عن المطر؟",
		answer: `## حسب العرض والوزن

الإطار **الأعرض** يحتاج إلى هواء *أقل*، ولا تتجاوز ما هو مطبوع على الإطار. لراكب وزنه 75 كغ:

| العرض | الأمام | الخلف |
| ----- | ----: | ---: |
| 28 mm | 4.5 bar | 5.0 bar |
| 40 mm | 2.6 bar | 3.0 bar |
| 54 mm | 1.6 bar | 1.9 bar |

1. انفخ أكثر قليلًا مما يلزم.
2. أخرج الهواء حتى لا يهتز [الطوق](https://example.com/rims).

- [x] فُحص وهو بارد
- [ ] فُحص مرة أخرى بعد أسبوع

${code}

> الرخو بطيء، والقاسي أبطأ.

الضغط قوة على مساحة:

${formula}

هذا كل شيء.`,
	},
};

/** The model's behaviour in a screenshot. */
export type Behaviour = "whole" | "silent" | "midway" | "breaks";

/** A model with the answers above; where it must not end, it waits for the abort. */
export function workshop(): Provider & { asked: string[]; does: Behaviour } {
	return {
		name: "workshop",
		asked: [],
		does: "whole",
		async *reply(request, signal) {
			const { does } = this;
			const question = request.turns.at(-1)?.content ?? "";
			const { answer } = question === words.ar.question ? words.ar : words.en;
			const half = answer.slice(0, answer.indexOf("40 mm") + 12);
			if (does === "whole")
				yield {
					text: answer,
					sources: [
						{ title: "Tyres and tubes", url: "https://example.com/tyres" },
						{ title: "Pressure chart", url: "https://example.com/chart" },
					],
				};
			if (does === "midway") yield half;
			if (does === "breaks") {
				yield half;
				throw new ChatError("provider_failed", "The model is out of reach.");
			}
			if (does !== "whole" && !signal.aborted)
				await new Promise((resolve) =>
					signal.addEventListener("abort", resolve),
				);
		},
	};
}
