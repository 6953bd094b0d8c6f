/**
 * The contract between the script and the answer chunk: what the templates of the script pass to those
 * of the chunk. Types only, so that neither side imports the other's code.
 */
import type { html, nothing, TemplateResult } from "lit";
import type { Reply } from "../../protocol/conversation.ts";
import type { FeedbackValue } from "../../protocol/frames.ts";
import type { Words } from "../i18n/strings.ts";

/** Lit, strings and small templates of the script. Passed in, or the chunk would contain them twice. */
export type Kit = {
	html: typeof html;
	nothing: typeof nothing;
	strings: Words;
	outlineIcon(path: string): TemplateResult;
	/** `pressed` is set for a toggle button only. */
	toolButton(
		name: string,
		icon: TemplateResult,
		onPress: (event: Event) => void,
		pressed?: boolean,
	): TemplateResult;
	timeView(at: number): TemplateResult;
};

/** What a reply's template needs to know besides the reply. */
export type Place = {
	/** The reply is the last message, so that the visitor can retry it. */
	newest: boolean;
	/** The reply was copied within the last two seconds. */
	copied: boolean;
	/** The visitor's rating, which the log may not contain yet. */
	rating: FeedbackValue | undefined;
	/** The text of the replies that this one continues. */
	before: string;
	/** The question, if another message is between it and the reply. */
	quote: string | undefined;
};

/** What the visitor can do with a message. */
export type MessageActions = {
	/** Sends a rejected message again, unchanged. */
	resend(id: string, event: Event): void;
	/** Moves the text of an unsent message back into the composer. */
	edit(id: string, event: Event): void;
	/** Asks for another reply to the same question, or for the rest of this one. */
	retry(reply: Reply, continues: boolean, event: Event): void;
	/** Called after the reply's Markdown was written to the clipboard, or the browser refused. */
	copied(reply: Reply, isCopied: boolean): void;
	rate(reply: Reply, value: FeedbackValue): void;
};
