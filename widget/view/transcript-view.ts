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
	const continued = new Set(
		messages.flatMap((_, index) =>
			earlierParts(messages, index).map(({ id }) => id),
		),
	);
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
			// The reply that continues this one shows its text, too.
			if (continued.has(id)) return itemView(dayView(), nothing);
			const parts = earlierParts(items, index);
			const place = {
				before: parts.map(({ text }) => text).join(""),
				newest: item === newest,
				copied: copied === id,
				rating: ratings.get(id) ?? (item as Reply).feedback,
			};
			const isApart = isApartFromItsQuestion(
				item,
				items[index - 1 - parts.length],
			);
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

/** The replies that the item at `index` continues, oldest first. A part must be before it. */
function earlierParts(items: readonly Item[], index: number): Reply[] {
	const item = items[index];
	const continues = item && "continues" in item ? item.continues : undefined;
	if (!continues) return [];
	const at = items.findIndex(({ id }) => id === continues);
	const part = at < index ? items[at] : undefined;
	if (!part || !("replyTo" in part)) return [];
	return [...earlierParts(items, at), part];
}

/** The text of the replies that `reply` continues. */
export const textBefore = (
	reply: Reply,
	messages: readonly Message[],
): string =>
	earlierParts(messages, messages.indexOf(reply))
		.map(({ text }) => text)
		.join("");

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
