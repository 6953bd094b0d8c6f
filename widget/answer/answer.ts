/**
 * The entry of `chat-stream.markdown.js`: the renderer of answers, its styles, and the views below an
 * answer. Code that the main script already has is passed in as a kit, so that it is not loaded twice.
 */
import type { TemplateResult } from "lit";
import type { Reply } from "../../protocol/conversation.ts";
import type { FeedbackValue, Source } from "../../protocol/frames.ts";
import { copyText } from "./clipboard.ts";
import type { Kit, MessageActions, Place } from "./contract.ts";
import { type AnswerOptions, withExtras } from "./extras.ts";
import { misleadingHost, safeUrl } from "./markdown/link-safety.ts";
import { MarkdownWriter } from "./markdown/writer.ts";

export { looks } from "./answer-styles.ts";
export { Narrator } from "./speech-text.ts";

export { MarkdownWriter };

/** Creates the writer of an answer, with the optional features of the page. */
export const answerWriter = (root: HTMLElement, options: AnswerOptions) =>
	new MarkdownWriter(root, withExtras(options));

const copyPath =
	"M9.5 8.5h9a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1ZM15.5 8.5v-3a1 1 0 0 0-1-1h-9a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h3";
const donePath = "M5 12.5l4.5 4.5L19 7.5";
const againPath = "M19.5 12a7.5 7.5 0 1 1-2.5-5.6M19.5 3.5v4.5h-4.5";
const thumbPath =
	"M3.5 10.5h3.5v9.5h-3.5zM7 10.5l4-7.5c1.7 0 2.6 1.2 2.4 2.8l-.5 3.2h5.4c1.5 0 2.4 1.2 2.1 2.6l-1.3 6c-.3 1.4-1.3 2.4-2.8 2.4H7";

/** The row below a closed answer: copy, rate, ask again, and its time. */
export function toolsView(
	{ html, nothing, strings, outlineIcon, toolButton, timeView }: Kit,
	reply: Reply,
	{ newest, copied, rating, before }: Place,
	{ copied: tell, rate, retry }: MessageActions,
): TemplateResult {
	const { text, at, close } = reply;
	const copy = async ({ currentTarget }: Event) => {
		const root = (currentTarget as Element).getRootNode();
		tell(reply, await copyText(before + text, root));
	};
	const thumb = outlineIcon(thumbPath);
	const rateButton = (name: string, icon: TemplateResult, to: FeedbackValue) =>
		toolButton(
			name,
			icon,
			() => rate(reply, rating === to ? "none" : to),
			rating === to,
		);
	return html`<div class="foot tools" part="tools">
		${toolButton(copied ? strings.copied : strings.copy, outlineIcon(copied ? donePath : copyPath), copy)}
		${rateButton(strings.good, thumb, "up")}
		${rateButton(strings.bad, html`<span class="turned">${thumb}</span>`, "down")}
		${newest && close?.by === "end" ? toolButton(strings.answerAnew, outlineIcon(againPath), (event) => retry(reply, false, event)) : nothing}
		${timeView(at)}
	</div>`;
}

/** @param linkBase Base of addresses without an origin. */
export function sourcesView(
	{ html, nothing, strings }: Kit,
	sources: readonly Source[],
	linkBase: string,
): TemplateResult {
	return html`<div class="sources" part="sources">
		<p part="sources-heading">${strings.sources}</p>
		<ul part="sources-list" aria-label=${strings.sources}>${sources.map(
			({ title, url }) => {
				const address = webAddress(url, linkBase);
				const host = address && misleadingHost(title, address);
				const note = host
					? html`<span part="host" dir="ltr"> (${host})</span>`
					: nothing;
				return html`<li part="source" dir="auto">${
					address
						? html`<a part="link" .href=${address.href} target="_blank" rel="noopener noreferrer nofollow ugc">${title}${note}<span class="sr"> (${strings.newTab})</span></a>`
						: html`<span part="source-title">${title}</span>`
				}</li>`;
			},
		)}</ul>
	</div>`;
}

/**
 * A source's address comes from a model: only web addresses without credentials become a link. A
 * relative address belongs to the server that answers.
 */
function webAddress(url: string, linkBase: string): URL | undefined {
	const base = URL.canParse(linkBase) ? linkBase : undefined;
	const address = safeUrl(url, base);
	return address?.protocol.startsWith("http") ? address : undefined;
}
