/**
 * The transcript as a template: who said what, in the order of the log, day by day.
 *
 * Used by view.ts. One message is message-view.ts; here is what a message's neighbours say about it.
 */
import { html, nothing } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import type { Message, Reply } from "../../protocol/conversation.ts";
import type { FeedbackValue } from "../../protocol/frames.ts";
import type { MessageActions } from "../answer/contract.ts";
import { dayKey, formatDay } from "../i18n/time-format.ts";
import type { Pending } from "../session/session.ts";
import { answerChunk } from "./answer-writer.ts";
import { type ReplyRendering, replyView, userView } from "./message-view.ts";

export type Transcript = ReplyRendering & {
	messages: readonly Message[];
	pending: readonly Pending[];
	/** A reply is being made. */
	open: boolean;
	/** The answer that was just copied. */
	copied: string | undefined;
	/** What the visitor thinks of answers, before the log says so. */
	ratings: ReadonlyMap<string, FeedbackValue>;
	/** Until a refused message is sent again. */
	secondsLeft(refusal: object, ms: number): number;
};

type Item = Message | Pending;

/** So much of a question is quoted; one line shows less. */
const longestQuote = 200;

export function messagesView(transcript: Transcript, actions: MessageActions) {
	const { messages, pending, open, copied, ratings, secondsLeft, avatar } =
		transcript;
	const items: readonly Item[] =
		pending.length > 0 ? [...messages, ...pending] : messages;
	const newest = open ? undefined : messages.at(-1);
	const continued = new Set(messages.map(continuedBy));
	const now = Date.now();
	const today = dayKey(now);
	let day = today;
	return repeat(
		items,
		({ id }) => id,
		(item, index) => {
			const before = day;
			day = dayKey(item.at);
			const isNewDay = day !== before;
			const dayView = () =>
				isNewDay
					? html`<p class="day" part="day">${formatDay(item.at, now)}</p>`
					: nothing;
			if ("state" in item)
				return itemView(dayView(), userView(item, actions, secondsLeft));
			const { id } = item;
			const place = {
				newest: item === newest,
				continued: continued.has(id),
				copied: copied === id,
				rating: ratings.get(id) ?? (item as Reply).feedback,
			};
			const isApart = isApartFromItsQuestion(item, items[index - 1]);
			// A message is a frozen picture of itself: unchanged means the same object.
			return guard(
				[
					item,
					...Object.values(place),
					isApart,
					isNewDay && today,
					avatar,
					answerChunk(),
				],
				() =>
					itemView(
						dayView(),
						item.role === "user"
							? userView(item, actions)
							: replyView(
									item,
									{
										...place,
										before: textBefore(item, items.slice(0, index)),
										quote: isApart ? quoteOf(item, items) : undefined,
									},
									transcript,
									actions,
								),
					),
			);
		},
	);
}

/** One template for both, so that a message keeps its node when it is stored. */
const itemView = (day: unknown, message: unknown) => html`${day}${message}`;

const continuedBy = (message: Message) =>
	message.role === "assistant" ? message.continues : undefined;

/** The text of the parts that a reply goes on from; they are among those that stand `before` it. */
function textBefore({ continues }: Reply, before: readonly Item[]): string {
	const at = continues ? before.findIndex(({ id }) => id === continues) : -1;
	const part = before[at] as Reply | undefined;
	return part ? textBefore(part, before.slice(0, at)) + part.text : "";
}

/** Something else stands between a question and this answer to it. */
function isApartFromItsQuestion(item: Message, before: Item | undefined) {
	if (item.role === "user" || !before) return false;
	const { replyTo } = item;
	return (
		before.id !== replyTo &&
		!("replyTo" in before && before.replyTo === replyTo)
	);
}

const quoteOf = ({ replyTo }: Reply, items: readonly Item[]) =>
	items.find(({ id }) => id === replyTo)?.text.slice(0, longestQuote);
