/**
 * What a page may set on `<chat-stream>`, fill and style: its attributes, properties, slots, parts and
 * custom properties. What the element says and does is chat-stream.ts, which extends this.
 */
import { LitElement } from "lit";
import type { Words } from "../i18n/strings.ts";
import type { ChatSession, SessionOptions } from "../session/session.ts";
import { listAttribute } from "./list-attribute.ts";
import type { Context } from "./page-context.ts";

/**
 * What a page may set, fill and style.
 *
 * @slot header - What stands at the top, in the place of the sign and the heading. The buttons stay.
 * @slot greeting - The words in an empty conversation, in the place of `greeting`, with whatever belongs to them.
 * @slot empty - All that an empty conversation shows, in the place of the greeting and the suggestions.
 * @slot footer - Below the composer, small and in the middle: a note, a link to the privacy policy. Empty by itself.
 * @slot launcher - What the floating button shows while the panel is closed, in the place of the speech bubble.
 * @csspart chat - The whole frame
 * @csspart header - The line at the top
 * @csspart mark - Its sign, where there is no avatar; in the greeting, too
 * @csspart avatar - The image that stands there instead, and by every answer
 * @csspart heading - The words in the header
 * @csspart question - The line that asks whether to leave the conversation
 * @csspart question-text - Its words
 * @csspart stage - The transcript, and the button above it
 * @csspart transcript - The area that scrolls
 * @csspart messages - The column in it
 * @csspart welcome - What an empty conversation shows
 * @csspart greeting - Its words
 * @csspart greeting-text - The words of the page's attribute or ours in it
 * @csspart suggestions - The first questions
 * @csspart suggestion - Each of them
 * @csspart day - The date above a new day's messages
 * @csspart message - Every message
 * @csspart user - The visitor's
 * @csspart reply - The assistant's
 * @csspart text - The text of a message
 * @csspart quote - The question, where it is not right above its answer
 * @csspart when - The place of the time below the visitor's message
 * @csspart time - The time of a message
 * @csspart state - Notes below a message
 * @csspart state-text - Their words
 * @csspart life - The sign that an answer is coming
 * @csspart life-dot - Each dot of it
 * @csspart plain - Text that is shown as it came
 * @csspart code - A block of code
 * @csspart code-bar - The line above it
 * @csspart language - Its language
 * @csspart copy - The button that copies it
 * @csspart table - The frame in which a table scrolls
 * @csspart task - The box of a task
 * @csspart image - An image
 * @csspart formula - A formula on a line of its own
 * @csspart math - Every formula
 * @csspart link - A link in an answer or its sources
 * @csspart host - The real host behind a link that names another
 * @csspart too-long - The note that the rest is not formatted
 * @csspart sources - The sources below an answer
 * @csspart sources-heading - Their heading
 * @csspart sources-list - Their list
 * @csspart source - Each of them
 * @csspart source-title - One without an address
 * @csspart tools - The row below an answer
 * @csspart tool - Each of its buttons, and those of the header
 * @csspart rating - The two thumbs
 * @csspart latest - The button that jumps to the newest message
 * @csspart latest-text - Its words
 * @csspart notice - The line that speaks of the connection
 * @csspart notice-text - Its words
 * @csspart dot - The dot before them
 * @csspart composer - The form at the bottom
 * @csspart problem - What is wrong with the text
 * @csspart box - The frame around text and button
 * @csspart input - The text area
 * @csspart left - Characters left
 * @csspart send - The button that sends and stops
 * @csspart button - Every button with words, and that one
 * @csspart launcher - The floating button
 * @csspart badge - The count of unread answers
 * @cssprop [--chat-accent=light-dark(#3a56d4, #9db0ff)] - What is pressed and pointed at
 * @cssprop [--chat-on-accent=black or white, whichever reads better] - What stands on the accent
 * @cssprop [--chat-accent-text=the accent, dark or light enough to read] - The accent as text: links, quiet buttons, focus
 * @cssprop [--chat-background=light-dark(#fff, #15161a)] - The ground of the whole chat
 * @cssprop [--chat-text=light-dark(#1a1c23, #ebecf0)] - Text
 * @cssprop [--chat-muted=light-dark(#5b606e, #a2a7b4)] - Hints and notes
 * @cssprop [--chat-bubble=light-dark(#eef1fb, #262a38)] - The visitor's messages
 * @cssprop [--chat-on-bubble=the text's] - Text in them
 * @cssprop [--chat-border=light-dark(#e4e6ec, #2b2e36)] - Lines between areas
 * @cssprop [--chat-control-border=light-dark(#8a8f9d, #6f7584)] - The edge of the text box
 * @cssprop [--chat-field=light-dark(#fff, #1c1e24)] - The ground of the text box
 * @cssprop [--chat-danger=light-dark(#b3261e, #ff9d94)] - What failed, the badge
 * @cssprop [--chat-on-danger=light-dark(#fff, #10131f)] - The number in the badge
 * @cssprop [--chat-warn=light-dark(#a35c00, #f0b455)] - The dot of a line that is down
 * @cssprop [--chat-shadow=rgb(0 0 0 / 20%)] - Shadows
 * @cssprop [--chat-font=the system's] - The font family
 * @cssprop [--chat-font-size=16px] - The size of the text
 * @cssprop [--chat-line-height=1.6] - Its lines
 * @cssprop [--chat-code-font=the system's monospace] - The font family of code
 * @cssprop [--chat-code-size=0.875em] - The size of code
 * @cssprop [--chat-radius=18px] - The frame
 * @cssprop [--chat-bubble-radius=the frame's] - The visitor's messages
 * @cssprop [--chat-block-radius=10px] - Code, tables, sources, images
 * @cssprop [--chat-field-radius=28px] - The text box
 * @cssprop [--chat-control-radius=22px] - Buttons
 * @cssprop [--chat-padding=20px; 14px where narrow] - Beside the text
 * @cssprop [--chat-gap=22px] - Below an answer
 * @cssprop [--chat-bubble-padding=9px 16px] - In the visitor's messages
 * @cssprop [--chat-header-height=54px] - The line at the top
 * @cssprop [--chat-column=780px] - The width of the text at most
 * @cssprop [--chat-control-size=44px] - Buttons
 * @cssprop [--chat-avatar-size=32px] - The avatar
 * @cssprop [--chat-width=auto] - The whole chat; 400px floating
 * @cssprop [--chat-max-width=100%]
 * @cssprop [--chat-height=min(640px, 85vh)] - 640px floating
 * @cssprop [--chat-margin=0]
 * @cssprop [--chat-flex=0 1 auto]
 * @cssprop [--chat-inset=20px] - The floating chat's distance from its corner
 * @cssprop [--chat-launcher-size=60px] - The floating button
 * @cssprop [--chat-code-keyword] - Keywords, tags
 * @cssprop [--chat-code-string] - Strings, regular expressions
 * @cssprop [--chat-code-number] - Numbers, literals
 * @cssprop [--chat-code-comment] - Comments
 * @cssprop [--chat-code-name] - Names of functions and classes
 * @cssprop [--chat-code-type] - Types and what is built in
 * @cssprop [--chat-code-attribute] - Attributes, properties, settings
 * @cssprop [--chat-code-added] - Added lines of a diff
 * @cssprop [--chat-code-removed] - Removed lines of a diff
 */
export class ChatAttributes extends LitElement {
	static override properties = {
		src: {},
		heading: {},
		placeholder: {},
		greeting: {},
		suggestions: { converter: listAttribute },
		transport: {},
		theme: { reflect: true },
		accent: {},
		radius: {},
		density: { reflect: true },
		font: {},
		avatar: {},
		mode: { reflect: true },
		position: { reflect: true },
		opened: { attribute: "open", type: Boolean, reflect: true },
		imageHosts: { attribute: "image-hosts", converter: listAttribute },
		highlight: { type: Boolean },
		math: { type: Boolean },
		debug: { type: Boolean },
		session: { attribute: false },
		getToken: { attribute: false },
		context: { attribute: false },
		words: { attribute: false },
		/** The language of the interface. @default the page's, or the browser's */
		lang: { reflect: true },
	};

	/** The server's base address. @default `/chat` at the origin the script came from */
	declare src: string | undefined;
	/** The words at the top. @default "Chat" */
	declare heading: string | undefined;
	/** The words in the empty input. @default "Type a message…" */
	declare placeholder: string | undefined;
	/** The words in an empty conversation; the slot of that name takes more than words. @default "How can I help?" */
	declare greeting: string | undefined;
	/** Questions to begin with, shown while the conversation is empty: an array, or between bars, or one a line. */
	declare suggestions: string | readonly string[] | undefined;
	/** How the line to the server is held; `auto` takes the best that works. @default "auto" */
	declare transport: "auto" | "websocket" | "stream" | "poll" | undefined;
	/** `auto` is what the visitor's system says. @default "auto" */
	declare theme: "auto" | "light" | "dark" | undefined;
	/** A CSS colour for what is pressed, pointed at and linked. What stands on it stays readable. */
	declare accent: string | undefined;
	/** How round the frame and the bubbles are, a CSS length. @default "18px" */
	declare radius: string | undefined;
	/** How much space there is. @default "comfortable" */
	declare density: "comfortable" | "compact" | undefined;
	/** A CSS font-family. @default the system's own */
	declare font: string | undefined;
	/** The address of an image to stand for whoever answers, http(s) or `data:image/`. Shown at the top and by every answer. */
	declare avatar: string | undefined;
	/** A block in the page, or a button that opens a panel. @default "inline" */
	declare mode: "inline" | "floating" | undefined;
	/** The corner of a floating chat. Right to left, the sides are mirrored. @default "bottom-right" */
	declare position:
		| "bottom-right"
		| "bottom-left"
		| "top-right"
		| "top-left"
		| undefined;
	/** The floating panel is open. @default false */
	declare opened: boolean;
	/** Hosts that answers may show images from, given like suggestions. All other images are links. */
	declare imageHosts: string | readonly string[] | undefined;
	/** Code in answers is coloured. @default false */
	declare highlight: boolean;
	/** Formulas in answers are set. @default false */
	declare math: boolean;
	/** Logs connection states and frames in the browser's console, with credentials redacted. Set it before the element connects. @default false */
	declare debug: boolean;
	/** A session that the page made and runs itself, shown instead of one of the element's own. */
	declare session: ChatSession | undefined;
	/** The page's own credential for a known visitor. */
	declare getToken: SessionOptions["getToken"];
	/** What the model is told of the page with every message. @default its address and title */
	declare context: Context | (() => Context | undefined) | undefined;

	/** Words of the page's own in place of ours. All elements of a page share them. */
	declare words: Partial<Words> | undefined;

	constructor() {
		super();
		// A framework asks the property whether it is a boolean, and sets "" where it is not.
		this.opened = this.highlight = this.math = this.debug = false;
	}
}
