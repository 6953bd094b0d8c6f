/**
 * What a page can set on `<chat-stream>`: attributes, properties, slots, parts and custom properties.
 *
 * These texts become `custom-elements.json` and tooltips in editors, so each makes sense alone.
 */
import { LitElement } from "lit";
import type { Words } from "../i18n/strings.ts";
import type { ChatSession, SessionOptions } from "../session/types.ts";
import { listAttribute } from "./list-attribute.ts";
import type { Context } from "./page-context.ts";

/**
 * The attributes, slots, parts and custom properties of `<chat-stream>`.
 *
 * @slot header - Replaces icon and heading in the header. The buttons stay.
 * @slot greeting - Replaces the greeting in an empty conversation.
 * @slot empty - Replaces greeting and suggestions in an empty conversation.
 * @slot footer - Small centred content below the composer, such as a link to the privacy policy. Empty by default.
 * @slot launcher - Replaces the icon of the floating button while the panel is closed.
 * @csspart chat - The frame of the whole chat
 * @csspart header - The header row
 * @csspart mark - The built-in icon in header and greeting, if there is no avatar
 * @csspart avatar - The avatar image in the header and beside answers
 * @csspart heading - The title in the header
 * @csspart question - The row that asks whether to start a new conversation
 * @csspart question-text - The text of the question whether to start a new conversation
 * @csspart stage - The transcript and the button above it
 * @csspart transcript - The scrolling area
 * @csspart messages - The column of messages in the transcript
 * @csspart welcome - The content of an empty conversation
 * @csspart greeting - The greeting in an empty conversation
 * @csspart greeting-text - The text of the greeting
 * @csspart suggestions - The list of suggested first questions
 * @csspart suggestion - One suggested question
 * @csspart day - The date above the first message of a day
 * @csspart message - Every message
 * @csspart user - A message of the visitor
 * @csspart reply - An answer of the assistant
 * @csspart text - The text of a message
 * @csspart quote - The quoted question above an answer that does not follow it directly
 * @csspart when - The container of the time below a visitor's message
 * @csspart time - The time of a message
 * @csspart state - The status note below a message
 * @csspart seam - The mark below an answer that was broken off and continued
 * @csspart state-text - The text of the status note below a message
 * @csspart life - The indicator that an answer is being written
 * @csspart life-dot - One dot of the indicator that an answer is being written
 * @csspart plain - Text without formatting
 * @csspart code - A block of code
 * @csspart code-bar - The bar above a code block
 * @csspart language - The name of a code block's language
 * @csspart copy - The copy button of a code block
 * @csspart table - The scrolling frame of a table
 * @csspart task - The checkbox of a task list item
 * @csspart image - An image in an answer
 * @csspart formula - A formula in its own paragraph
 * @csspart math - Every formula
 * @csspart link - A link in an answer or in its sources
 * @csspart host - The real host after a link whose text names another host
 * @csspart too-long - The note that the rest of an answer is not formatted
 * @csspart sources - The sources below an answer
 * @csspart sources-heading - The heading of an answer's sources
 * @csspart sources-list - The list of an answer's sources
 * @csspart source - One source of an answer
 * @csspart source-title - The title of a source without a URL
 * @csspart tools - The row of buttons below an answer
 * @csspart tool - A button in the row below an answer or in the header
 * @csspart rating - The two rating buttons
 * @csspart latest - The button that scrolls to the newest message
 * @csspart latest-text - The text of the button that scrolls to the newest message
 * @csspart notice - The notice about the connection
 * @csspart notice-text - The text of the notice about the connection
 * @csspart dot - The coloured dot of the notice about the connection
 * @csspart composer - The form at the bottom of the chat
 * @csspart problem - The error text of the composer
 * @csspart box - The frame around the text area and the send button
 * @csspart input - The text area of the composer
 * @csspart left - The number of characters left in the composer
 * @csspart send - The button that sends a message and stops an answer
 * @csspart button - Every button with a text, and the send button
 * @csspart launcher - The button that opens the floating panel
 * @csspart badge - The number of unread answers
 * @cssprop [--chat-accent=light-dark(#3a56d4, #9db0ff)] - Colour of buttons, links and highlights
 * @cssprop [--chat-on-accent=black or white, whichever reads better] - Colour of text on the accent
 * @cssprop [--chat-accent-text=the accent, dark or light enough to read] - Colour of links, quiet buttons and the focus ring
 * @cssprop [--chat-background=light-dark(#fff, #15161a)] - Background of the chat
 * @cssprop [--chat-text=light-dark(#1a1c23, #ebecf0)] - Colour of text
 * @cssprop [--chat-muted=light-dark(#5b606e, #a2a7b4)] - Colour of hints and notes
 * @cssprop [--chat-soft=a tint of the accent] - Background of quiet areas: idle buttons, code bars, the question above the transcript
 * @cssprop [--chat-hover=the quiet areas'] - Background of a quiet button under the pointer
 * @cssprop [--chat-code-ground=the quiet areas'] - Background of code in a line and of the bar above a code block
 * @cssprop [--chat-bubble=a tint of the accent] - Background of the visitor's messages
 * @cssprop [--chat-on-bubble=the text's] - Colour of text in the visitor's messages
 * @cssprop [--chat-border=light-dark(#e4e6ec, #2b2e36)] - Colour of lines between areas
 * @cssprop [--chat-control-border=light-dark(#8a8f9d, #6f7584)] - Border colour of the text box
 * @cssprop [--chat-field=light-dark(#fff, #1c1e24)] - Background of the text box
 * @cssprop [--chat-danger=light-dark(#b3261e, #ff9d94)] - Colour of errors and the badge
 * @cssprop [--chat-on-danger=light-dark(#fff, #10131f)] - Colour of the number in the badge
 * @cssprop [--chat-warn=light-dark(#a35c00, #f0b455)] - Colour of the dot of a lost connection
 * @cssprop [--chat-shadow=rgb(0 0 0 / 20%)] - Colour of shadows
 * @cssprop [--chat-font=the system's] - Font family
 * @cssprop [--chat-font-size=the visitor's, mostly 16px] - Font size
 * @cssprop [--chat-line-height=1.6] - Line height
 * @cssprop [--chat-code-font=the system's monospace] - Font family of code
 * @cssprop [--chat-code-size=0.875em] - Font size of code
 * @cssprop [--chat-radius=18px] - Corner radius of the frame
 * @cssprop [--chat-bubble-radius=the frame's] - Corner radius of the visitor's messages
 * @cssprop [--chat-block-radius=10px] - Corner radius of code, tables, sources and images
 * @cssprop [--chat-field-radius=28px] - Corner radius of the text box
 * @cssprop [--chat-control-radius=22px] - Corner radius of buttons
 * @cssprop [--chat-padding=20px; 14px where narrow] - Space beside the text
 * @cssprop [--chat-gap=22px] - Space below an answer
 * @cssprop [--chat-bubble-padding=9px 16px] - Padding of the visitor's messages
 * @cssprop [--chat-header-height=54px] - Height of the header
 * @cssprop [--chat-column=780px] - Maximum width of the text
 * @cssprop [--chat-control-size=44px] - Size of buttons
 * @cssprop [--chat-avatar-size=32px] - Size of the avatar
 * @cssprop [--chat-width=auto] - Width of the chat; 400px if floating
 * @cssprop [--chat-max-width=100%] - Maximum width of the chat
 * @cssprop [--chat-height=min(640px, 85vh)] - Height of the chat; 640px if floating
 * @cssprop [--chat-margin=0] - Outer margin
 * @cssprop [--chat-flex=0 1 auto] - `flex` of the element in a flex container
 * @cssprop [--chat-inset=20px] - The floating chat's distance from its corner
 * @cssprop [--chat-launcher-size=60px] - Size of the floating button
 * @cssprop [--chat-code-keyword] - Colour of keywords and tags in code
 * @cssprop [--chat-code-string] - Colour of strings and regular expressions in code
 * @cssprop [--chat-code-number] - Colour of numbers and literals in code
 * @cssprop [--chat-code-comment] - Colour of comments in code
 * @cssprop [--chat-code-name] - Colour of function and class names in code
 * @cssprop [--chat-code-type] - Colour of types and built-ins in code
 * @cssprop [--chat-code-attribute] - Colour of attributes, properties and settings in code
 * @cssprop [--chat-code-added] - Colour of added lines in a diff
 * @cssprop [--chat-code-removed] - Colour of removed lines in a diff
 */
export class ChatAttributes extends LitElement {
	static override properties = {
		src: {},
		heading: {},
		placeholder: {},
		greeting: {},
		suggestions: { converter: listAttribute },
		transport: { useDefault: true },
		theme: { reflect: true, useDefault: true },
		accent: {},
		radius: {},
		density: { reflect: true, useDefault: true },
		font: {},
		avatar: {},
		mode: { reflect: true, useDefault: true },
		position: { reflect: true, useDefault: true },
		open: { type: Boolean },
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
	/** The title in the header. @default "Chat" */
	declare heading: string | undefined;
	/** The hint in the empty text box. @default "Type a message…" */
	declare placeholder: string | undefined;
	/** The text of an empty conversation. For HTML, use the slot `greeting`. @default "How can I help?" */
	declare greeting: string | undefined;
	/** Suggested first questions, shown while the conversation is empty. An array, or a string with `|` or line breaks between them. */
	declare suggestions: string | readonly string[] | undefined;
	/** The transport to the server. `auto` uses the best one that works. @default "auto" */
	declare transport: "auto" | "websocket" | "stream" | "poll" | undefined;
	/** The colour scheme. `auto` follows the page's `color-scheme`. @default "auto" */
	declare theme: "auto" | "light" | "dark" | undefined;
	/** The accent colour, any CSS colour: buttons, links, focus, and tints of it behind messages and code. Text on it stays readable. */
	declare accent: string | undefined;
	/** The corner radius of the frame and the messages, a CSS length. @default "18px" */
	declare radius: string | undefined;
	/** The spacing. @default "comfortable" */
	declare density: "comfortable" | "compact" | undefined;
	/** The font, a CSS font-family. @default the system's own */
	declare font: string | undefined;
	/** The URL of the assistant's image, http(s) or `data:image/`. Shown in the header and beside each answer. */
	declare avatar: string | undefined;
	/** `inline` is a block in the page, `floating` a button that opens a panel. @default "inline" */
	declare mode: "inline" | "floating" | undefined;
	/** The corner of a floating chat. In right-to-left pages, left and right are swapped. @default "bottom-right" */
	declare position:
		| "bottom-right"
		| "bottom-left"
		| "top-right"
		| "top-left"
		| undefined;
	/** Whether the floating panel is open. @default false */
	declare open: boolean;
	/** Hosts from which answers may load images, as a list like `suggestions`. Other images become links. */
	declare imageHosts: string | readonly string[] | undefined;
	/** Highlights code in answers. @default false */
	declare highlight: boolean;
	/** Typesets formulas in answers. @default false */
	declare math: boolean;
	/** Logs connection states and frames in the browser's console, with credentials redacted. Set it before the element connects. @default false */
	declare debug: boolean;
	/** A session that the page created. It is shown instead of the element's own, and the page starts and stops it. */
	declare session: ChatSession | undefined;
	/** Returns your site's credential for a signed-in visitor. Called again after the server rejects it. */
	declare getToken: SessionOptions["getToken"];
	/** Information about the page, sent to the model with every message. @default the page's address and title */
	declare context: Context | (() => Context | undefined) | undefined;

	/** Replaces texts of the interface. All elements of a page share them. */
	declare words: Partial<Words> | undefined;

	constructor() {
		super();
		// A framework sets "" instead of true, unless the property already holds a boolean.
		this.open = this.highlight = this.math = this.debug = false;
		this.transport = this.theme = "auto";
		this.density = "comfortable";
		this.mode = "inline";
		this.position = "bottom-right";
	}
}
