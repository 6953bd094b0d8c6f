/**
 * The element `<chat-stream>`: attributes and properties in, events out, one render().
 *
 * Registered by register.ts. It owns what is on the screen and nothing else: the conversation belongs
 * to its session, of which it paints a picture at most once a frame. It never sees a frame or a line.
 * Over 300 lines because the whole public face is here; what can be told apart has its own file.
 */
import { LitElement } from "lit";
import { Announcer } from "./announcer.ts";
import { bodyWriter, fetchRenderer } from "./body-writer.ts";
import { Composer, excessOf } from "./composer.ts";
import { leaveDraft, takeDraft } from "./drafts.ts";
import { ChatSendEvent } from "./events.ts";
import { News } from "./news.ts";
import { noticeOf, Patience } from "./notice.ts";
import { type Context, contextOf, pageStorage, watchPage } from "./page.ts";
import { nextPaint } from "./paint.ts";
import {
	type Change,
	type ChatSession,
	type Connection,
	createSession,
	type Diagnostics,
	type SessionOptions,
} from "./session.ts";
import { Stick } from "./stick.ts";
import { strings } from "./strings.ts";
import { styles } from "./styles.ts";
import { type Actions, chatView } from "./view.ts";

declare const __VERSION__: string;

export class ChatStream extends LitElement {
	static readonly version =
		typeof __VERSION__ === "string" ? __VERSION__ : "source";
	/** The server's base address where no `src` is given: set once, by the script that registers. */
	static defaultSrc: string | undefined;

	static override styles = styles;
	static override properties = {
		src: {},
		heading: {},
		placeholder: {},
		transport: {},
		theme: { reflect: true },
		session: { attribute: false },
		getToken: { attribute: false },
		context: { attribute: false },
	};

	/** The server's base address. @default `/chat` at the origin the script came from */
	declare src: string | undefined;
	declare heading: string | undefined;
	declare placeholder: string | undefined;
	/** `auto`, `websocket`, `stream` or `poll`. @default "auto" */
	declare transport: SessionOptions["transport"] | undefined;
	/** `light`, `dark` or `auto`. @default "auto": what the visitor's system says */
	declare theme: string | undefined;
	/** A session that the page made and runs itself, shown instead of one of the element's own. */
	declare session: ChatSession | undefined;
	/** The page's own credential for a known visitor. */
	declare getToken: SessionOptions["getToken"];
	/** What the model is told of the page with every message. @default its address and title */
	declare context: Context | (() => Context | undefined) | undefined;

	#shown: ChatSession | undefined;
	/** The session the element made for itself. */
	#own: ChatSession | undefined;
	#letGo: (() => void) | undefined;
	readonly #stick = new Stick(this);
	readonly #composer = new Composer(this);
	readonly #announcer = new Announcer(() => this.renderRoot);
	readonly #patience = new Patience(() => this.#late());
	readonly #news = new News({
		page: this,
		announcer: this.#announcer,
		patience: this.#patience,
		complain: (sentence) => this.#complain(sentence),
		takeBack: ({ id, text }, sentence) => {
			if (!this.#composer.isBlank) return false;
			this.#shown?.discard(id);
			this.#composer.write(text);
			this.#complain(sentence);
			return true;
		},
	});

	/** The state of the line to the server. */
	get connection(): Connection {
		return this.#shown?.connection ?? { state: "idle" };
	}

	/**
	 * Sends a message as if it had been typed, and returns its id. `undefined`: it is empty, too long,
	 * or a listener of `chat-send` prevented it.
	 */
	send(text: string): string | undefined {
		const session = this.#shown;
		const content = text.trim();
		if (!session || !content) return undefined;
		const excess = excessOf(content, session.limit);
		if (excess) {
			this.#complain(strings.tooLong(session.limit as number, excess));
			return undefined;
		}
		if (!this.dispatchEvent(new ChatSendEvent(content))) return undefined;
		const id = session.send(content, contextOf(this.context));
		this.#news.expect(id);
		this.#stick.follow();
		return id;
	}

	/** Asks for the open answer to be closed. */
	stop() {
		this.#shown?.stopReply();
	}

	/** Leaves this conversation and begins another. */
	newConversation() {
		this.#announcer.silence();
		this.#composer.problem = undefined;
		this.#shown?.newConversation();
		this.#stick.follow();
	}

	/** How the line has been doing, for whoever looks for a fault. */
	diagnostics(): Diagnostics | undefined {
		return this.#shown?.diagnostics();
	}

	override focus(options?: FocusOptions) {
		this.#composer.focus(options);
	}

	/* ------------------------------------------------------------ life */

	override connectedCallback() {
		super.connectedCallback();
		if (!this.hasUpdated) return;
		takeDraft(this.#url);
		this.#attach();
	}

	protected override firstUpdated() {
		const draft = takeDraft(this.#url);
		if (draft) this.#composer.write(draft);
	}

	override disconnectedCallback() {
		super.disconnectedCallback();
		leaveDraft(this.#url, this.#composer.text);
		// A move within the page is a disconnect and a connect: the line outlives it.
		setTimeout(() => this.isConnected || this.#detach());
	}

	/** Every update but the first waits for the next frame. */
	protected override async scheduleUpdate() {
		if (this.hasUpdated) await nextPaint();
		super.scheduleUpdate();
	}

	protected override willUpdate(changed: Map<string, unknown>) {
		// A page that gives credentials late wants its visitor to be greeted as known.
		const isKnownNow = changed.has("getToken") && !changed.get("getToken");
		if (changed.has("src") || changed.has("transport") || isKnownNow)
			this.#detach(true);
		if (this.isConnected) this.#attach();
	}

	#attach() {
		const session = this.session ?? this.#ownSession();
		if (session === this.#shown && this.#letGo) return;
		this.#detach();
		this.#shown = session;
		const unsubscribe = session.subscribe((change) => this.#changed(change));
		const unwatch =
			session === this.#own ? watchPage(session, this.#url) : undefined;
		this.#letGo = () => {
			unsubscribe();
			unwatch?.();
		};
		this.#news.begin(session);
		fetchRenderer();
		// A session that the page brings is the page's to start and to stop.
		if (session === this.#own) session.start();
		this.requestUpdate();
	}

	#detach(forget = false) {
		this.#letGo?.();
		this.#letGo = undefined;
		this.#own?.stop();
		this.#announcer.silence();
		this.#patience.end();
		if (forget) this.#own = undefined;
	}

	get #url(): string {
		const src = this.src ?? ChatStream.defaultSrc ?? "/chat";
		return new URL(src, document.baseURI).href;
	}

	#ownSession(): ChatSession {
		this.#own ??= createSession({
			url: this.#url,
			transport: this.transport ?? "auto",
			storage: pageStorage("localStorage"),
			memo: pageStorage("sessionStorage"),
			getToken: this.getToken && (() => this.getToken?.()),
		});
		return this.#own;
	}

	#changed(change: Change) {
		if (!this.#shown) return;
		if (change.type === "conversation") this.#stick.news();
		this.#news.hear(change, this.#shown);
		this.requestUpdate();
	}

	/** The line has been down for a while. */
	#late() {
		const notice = this.#notice();
		if (notice?.tone === "calm") this.#announcer.say(notice.text);
		this.requestUpdate();
	}

	/** Shows a sentence at the composer, and says it. */
	#complain(sentence: string) {
		this.#composer.problem = sentence;
		this.#announcer.alert(sentence);
		this.requestUpdate();
	}

	/* ------------------------------------------------------------ what the visitor does */

	readonly #actions: Actions = {
		input: () => this.#composer.typed(),
		key: (event) => this.#key(event),
		press: () => {
			if (this.#isAnswering && this.#composer.isBlank) this.stop();
			else this.#submit();
		},
		submit: (event) => {
			event.preventDefault();
			this.#submit();
		},
		scrolled: this.#stick.scrolled,
		latest: (event) => {
			this.#stick.follow();
			this.#leave(event);
		},
		resend: (id, event) => {
			this.#shown?.resend(id);
			this.#leave(event);
		},
		edit: (id) => {
			const text = this.#shown?.discard(id);
			if (text !== undefined) this.#composer.putBack(text);
		},
		retry: (reply, goOn, event) => {
			this.#news.expect(reply.replyTo);
			this.#shown?.retry(reply.replyTo, goOn ? { continue: true } : {});
			this.#stick.follow();
			this.#leave(event);
		},
	};

	#submit() {
		if (this.send(this.#composer.text) !== undefined) this.#composer.write("");
	}

	#key(event: KeyboardEvent) {
		// Enter chooses a word while an input method composes; Safari says so by 229 only.
		if (event.isComposing || event.keyCode === 229) return;
		if (event.key === "Escape" && this.#isAnswering) {
			event.preventDefault();
			this.stop();
		} else if (
			event.key === "Enter" &&
			!event.shiftKey &&
			event.target instanceof HTMLTextAreaElement
		) {
			event.preventDefault();
			this.#submit();
		}
	}

	/** A button that is about to vanish hands the focus on, if a keyboard had put it there. */
	#leave({ currentTarget }: Event) {
		if ((currentTarget as Element | null)?.matches(":focus-visible"))
			this.focus();
	}

	get #isAnswering(): boolean {
		return this.#shown?.conversation.open !== undefined;
	}

	/* ------------------------------------------------------------ the picture */

	protected override render() {
		const session = this.#shown;
		const { problem, isBlank } = this.#composer;
		return chatView(
			{
				heading: this.heading ?? strings.heading,
				placeholder: this.placeholder ?? strings.placeholder,
				messages: session?.conversation.messages ?? [],
				pending: session?.pending ?? [],
				open: this.#isAnswering,
				settled: this.connection.state !== "connecting" || this.#patience.over,
				away: this.#stick.away,
				unseen: this.#stick.unseen,
				ready: !isBlank,
				problem,
				left: this.#composer.left(session?.limit),
				notice: this.#notice(),
				makeWriter: this.#makeWriter,
				linkBase: this.#url,
			},
			this.#actions,
		);
	}

	readonly #makeWriter = (container: HTMLElement) =>
		bodyWriter(container, { linkBase: this.#url }, () => this.requestUpdate());

	protected override updated() {
		if (this.#shown) this.#news.painted(this.#shown);
	}

	#notice() {
		return noticeOf(this.connection, this.#patience.over, {
			wake: () => this.#shown?.wake(),
			start: () => this.#shown?.start(),
			startAnew: () => {
				this.newConversation();
				this.#shown?.start();
			},
		});
	}
}

declare global {
	interface HTMLElementTagNameMap {
		"chat-stream": ChatStream;
	}
}
