/**
 * The template of the transcript: messages in the order of the log, with a date above each new day.
 *
 * It knows what depends on a message's neighbours. The message itself is in message-view.ts.
 */
import { html, nothing } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import type { Message, Reply } from "../../protocol/conversation.ts";
import type { FeedbackValue } from "../../protocol/frames.ts";
import type { MessageActions } from "../answer/contract.ts";
import { dayKey, formatDay } from "../i18n/time-format.ts";
import type { Pending } from "../session/types.ts";
import { answerChunk } from "./answer-writer.ts";
import { type ReplyRendering, replyView, userView } from "./message-view.ts";

export type Transcript = ReplyRendering & {
	messages: readonly Message[];
	pending: readonly Pending[];
	/** A reply is open. */
	open: boolean;
	/** The id of the reply that was just copied. */
	copied: string | undefined;
	/** Ratings that the log does not contain yet, by reply. */
	ratings: ReadonlyMap<string, FeedbackValue>;
	/** Seconds until a rejected message is sent again. */
	secondsLeft(refusal: object, ms: number): number;
};

type Item = Message | Pending;

/** Most characters of a quoted question. The styles cut it to one line. */
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
			// Messages are immutable: the same object means the same content.
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

/** One template for pending and stored messages, so that lit keeps the node. */
const itemView = (day: unknown, message: unknown) => html`${day}${message}`;

const continuedBy = (message: Message) =>
	message.role === "assistant" ? message.continues : undefined;

/** The text of the replies that this one continues, found among the items `before` it. */
function textBefore({ continues }: Reply, before: readonly Item[]): string {
	const at = continues ? before.findIndex(({ id }) => id === continues) : -1;
	const part = before[at] as Reply | undefined;
	return part ? textBefore(part, before.slice(0, at)) + part.text : "";
}

/** Another message is between the question and this reply. */
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
