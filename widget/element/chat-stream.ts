/**
 * The element `<chat-stream>`: attributes and properties in, events out, one render().
 *
 * Registered by register.ts. It owns what is on the screen and nothing else: the conversation belongs
 * to its session, of which it paints a picture at most once a frame. It never sees a frame or a line.
 * Over 300 lines because the whole public face is here; what can be told apart has its own file.
 */

import {
	directionFor,
	languageFor,
	overrideWords,
	setLanguage,
} from "../i18n/language.ts";
import { strings } from "../i18n/strings.ts";
import type {
	Change,
	ChatSession,
	Connection,
	Diagnostics,
} from "../session/session.ts";
import {
	answerChunk,
	createAnswerWriter,
	loadAnswerChunk,
} from "../view/answer-writer.ts";
import { chatView } from "../view/chat-view.ts";
import {
	Countdown,
	noticeFor,
	OutageTimer,
} from "../view/connection-notice.ts";
import { adoptMore, styles } from "../view/styles.ts";
import { UserActions } from "./actions.ts";
import {
	applyAppearance,
	validValue,
	warnAboutInvalidValues,
} from "./attribute-values.ts";
import { ChatAttributes } from "./attributes.ts";
import { Composer, excessOf } from "./composer.ts";
import { ChatSendEvent, ChatToggleEvent } from "./events.ts";
import { FloatingPanel } from "./floating-panel.ts";
import { nextPaint, whenIdle } from "./frame-timing.ts";
import { messageContext, pageStorage } from "./host-page.ts";
import { listOf } from "./list-attribute.ts";
import { LiveRegion } from "./live-region.ts";
import { Notifications, unansweredIds } from "./notifications.ts";
import { ScrollAnchor } from "./scroll-anchor.ts";
import { SessionBinding } from "./session-binding.ts";
import { TabStorage } from "./tab-storage.ts";

declare const __VERSION__: string;

/**
 * A chat with a model of the page's owner. Its session stays while the element is moved.
 *
 * @tag chat-stream
 * @fires {ChatSendEvent} chat-send - A message is about to be sent. Cancelable: it stays in the composer.
 * @fires {ChatFeedbackEvent} chat-feedback - The visitor rates an answer. Cancelable: the server is not told.
 * @fires {ChatMessageEvent} chat-message - An answer that was being written is closed.
 * @fires {ChatErrorEvent} chat-error - Something was refused or failed.
 * @fires {ChatConnectionEvent} chat-connection - The line to the server is in another state.
 * @fires {ChatIntegrityEvent} chat-integrity - A text was not what the server closed, and is read again.
 * @fires {ChatToggleEvent} chat-open - The floating panel is open.
 * @fires {ChatToggleEvent} chat-close - The floating panel is closed.
 */
export class ChatStream extends ChatAttributes {
	/** Of two copies on a page the first stays, and says so if the versions differ. */
	static readonly version =
		typeof __VERSION__ === "string" ? __VERSION__ : "source";
	/** The server's base address where no `src` is given: set once, by the script that registers. */
	static defaultSrc: string | undefined;

	static override styles = styles;

	/** What is spoken, as far as it is here. */
	#language = "en";
	/** There is somebody, or something, to show the conversation to. */
	#isWanted = false;
	/** How far the panel is before it is opened for the first time: 1, made; 2, laid out, unseen. */
	#prepared = 0;
	#unread = 0;
	#tabStorage: TabStorage | undefined;
	readonly #binding = new SessionBinding((change) => this.#changed(change));
	// Before what measures the panel: hidden, it would be laid out in vain.
	readonly #panel = new FloatingPanel(this);
	readonly #scroll = new ScrollAnchor(this);
	readonly #composer = new Composer(this, (text) => {
		if (this.#tabStorage) this.#tabStorage.draft = text;
	});
	readonly #liveRegion = new LiveRegion(() => this.renderRoot);
	readonly #countdown = new Countdown(() => this.requestUpdate());
	readonly #outage = new OutageTimer(() => this.#outageShown());
	readonly #notifications = new Notifications({
		page: this,
		liveRegion: this.#liveRegion,
		outage: this.#outage,
		showProblem: (sentence) => this.#showProblem(sentence),
		answered: () => {
			if (this.#isFloating && !this.opened) this.#unread++;
		},
		takeBack: ({ id, text }, sentence) => {
			if (!this.#composer.isBlank) return false;
			this.#session?.discard(id);
			this.#composer.write(text);
			this.#showProblem(sentence);
			return true;
		},
	});

	readonly #userActions = new UserActions({
		element: this,
		session: () => this.#session,
		composer: this.#composer,
		scroll: this.#scroll,
		panel: this.#panel,
		notifications: this.#notifications,
		liveRegion: this.#liveRegion,
		showProblem: (sentence) => this.#showProblem(sentence),
	});

	/** The state of the line to the server. */
	get connection(): Connection {
		return this.#session?.connection ?? { state: "idle" };
	}

	/**
	 * Sends a message as if it had been typed, and returns its id. `undefined`: it is empty, too long,
	 * or a listener of `chat-send` prevented it.
	 */
	send(text: string): string | undefined {
		if (this.isConnected) this.#attach();
		const session = this.#session;
		const content = text.trim();
		if (!session || !content) return undefined;
		const excess = excessOf(content, session.limit);
		if (excess) {
			this.#showProblem(strings.tooLong(session.limit as number, excess));
			return undefined;
		}
		if (!this.dispatchEvent(new ChatSendEvent(content))) return undefined;
		const id = session.send(content, messageContext(this.context));
		this.#notifications.expect(id);
		this.#scroll.follow();
		return id;
	}

	/** Asks for the open answer to be closed. */
	stop() {
		this.#session?.stopReply();
	}

	/** Leaves this conversation and begins another. */
	newConversation() {
		this.#liveRegion.silence();
		this.#composer.problem = undefined;
		this.#userActions.ratings.clear();
		this.#session?.newConversation();
		this.#tab.awaited = [];
		this.#scroll.follow();
	}

	/** Opens the floating panel; the focus goes there only if the visitor's own doing opens it. */
	open() {
		this.opened = true;
		const isWished = navigator.userActivation?.isActive ?? true;
		if (!isWished || !this.isConnected) return;
		// At once: a phone shows its keyboard only while it handles the tap.
		this.performUpdate();
		this.focus();
	}

	/** Closes it. */
	close() {
		this.opened = false;
	}

	/** Opens or closes it. */
	toggle() {
		if (this.opened) this.close();
		else this.open();
	}

	/** How the line has been doing, for whoever looks for a fault. */
	diagnostics(): Diagnostics | undefined {
		return this.#session?.diagnostics();
	}

	/** Puts the caret into the text box. */
	override focus(options?: FocusOptions) {
		this.#composer.focus(options);
	}

	get #session(): ChatSession | undefined {
		return this.#binding.current;
	}

	get #isFloating(): boolean {
		return this.mode === "floating";
	}

	override connectedCallback() {
		super.connectedCallback();
		if (this.#isFloating) this.#setLanguage();
		if (this.hasUpdated && this.#isWanted) this.#attach();
	}

	override disconnectedCallback() {
		super.disconnectedCallback();
		// A move within the page is a disconnect and a connect: the line outlives it.
		setTimeout(() => this.isConnected || this.#detach());
	}

	/** Every update but the first waits for the next frame. */
	protected override async scheduleUpdate() {
		if (this.hasUpdated) await nextPaint();
		super.scheduleUpdate();
	}

	protected override willUpdate(changed: Map<string, unknown>) {
		warnAboutInvalidValues(this, changed);
		// Known from now on, or not any more: another visitor, who is greeted and reads as such.
		const isAnother =
			changed.has("getToken") && !(changed.get("getToken") && this.getToken);
		if (changed.has("src") || changed.has("transport") || isAnother)
			this.#detach(true);
		if (changed.has("src")) this.#tabStorage = undefined;
		if (changed.has("words")) overrideWords(this.words ?? {});
		if (this.opened) this.#unread = 0;
		// A launcher asks for nothing, unless an answer is on its way to it.
		this.#isWanted ||=
			!this.#isFloating ||
			this.opened ||
			this.session !== undefined ||
			this.#tab.awaited.length > 0;
		if (!this.isConnected || !this.#isWanted) return;
		// A panel that is opened is shown first, and connected then.
		if (this.hasUpdated && !this.session && !this.#session)
			nextPaint().then(() =>
				setTimeout(() => this.isConnected && this.#attach()),
			);
		else this.#attach();
	}

	protected override updated(changed: Map<string, unknown>) {
		if (changed.has("lang")) this.#setLanguage();
		if (changed.has("mode") && this.#isFloating) whenIdle(this.#prepare);
		this.#binding.fresh = [];
		applyAppearance(this.renderRoot, this, changed);
		this.#composer.begin(() => this.#tab.draft);
		if (this.#session) this.#notifications.painted(this.#session);
		const was = changed.get("opened");
		if (!changed.has("opened") || !this.#isFloating || this.opened === !!was)
			return;
		if (this.opened) this.#scroll.follow();
		const type = this.opened ? "chat-open" : "chat-close";
		this.dispatchEvent(new ChatToggleEvent(type));
	}

	/** Step by step, so that the page is never held up for long. */
	readonly #prepare = async () => {
		if (this.#isWanted) return;
		this.#prepared++;
		this.requestUpdate();
		await this.updateComplete;
		if (this.#prepared < 2) whenIdle(this.#prepare);
	};

	get #tab(): TabStorage {
		this.#tabStorage ??= new TabStorage(this.#url);
		return this.#tabStorage;
	}

	#attach() {
		this.#isWanted = true;
		const options = () => ({
			url: this.#url,
			transport: validValue("transport", this.transport) ?? "auto",
			storage: pageStorage("localStorage"),
			memo: pageStorage("sessionStorage"),
			getToken: this.getToken && (() => this.getToken?.()),
		});
		if (!this.#binding.attach(this.session, options, this.#leaving)) return;
		for (const id of this.#tab.awaited) this.#notifications.expect(id);
		this.#notifications.begin(this.#session as ChatSession);
		loadAnswerChunk().then(() => {
			adoptMore(this.renderRoot, answerChunk()?.looks);
			this.requestUpdate();
		});
		this.#setLanguage();
		this.#binding.start();
		this.requestUpdate();
	}

	/** A launcher that nobody has opened fetches no words. */
	async #setLanguage() {
		const tag = languageFor(this);
		await setLanguage(tag, this.#isWanted ? this.#url : undefined);
		this.#language = tag ?? "en";
		this.requestUpdate();
	}

	#detach(forget = false) {
		if (this.#session) this.#leaving();
		this.#binding.detach(forget);
		this.#liveRegion.silence();
		this.#outage.end();
	}

	readonly #leaving = () => {
		const awaited = unansweredIds(this.#session as ChatSession);
		if (awaited) this.#tab.awaited = awaited;
	};

	get #url(): string {
		const src = this.src ?? ChatStream.defaultSrc ?? "/chat";
		return new URL(src, document.baseURI).href;
	}

	#changed(change: Change) {
		if (!this.#session) return;
		if (change.type === "conversation") this.#scroll.contentAdded();
		this.#userActions.hear(change);
		this.#notifications.hear(change, this.#session);
		this.requestUpdate();
	}

	/** The line has been down for a while. */
	#outageShown() {
		const notice = this.#notice();
		if (notice?.tone === "calm") this.#liveRegion.say(notice.text);
		this.requestUpdate();
	}

	/** Shows a sentence at the composer, and says it. */
	#showProblem(sentence: string) {
		this.#composer.problem = sentence;
		this.#liveRegion.alert(sentence);
		this.requestUpdate();
	}

	protected override render() {
		const session = this.#session;
		const { problem, isBlank } = this.#composer;
		const avatar = validValue("avatar", this.avatar);
		return chatView(
			{
				language: this.#language,
				direction: directionFor(this, this.#language),
				floating: this.#isFloating,
				unfolded: this.#isWanted || this.#prepared > 0,
				laidOut: !this.#isWanted && this.#prepared > 1,
				opened: this.opened,
				unread: this.#unread,
				// An image is asked for once the panel is.
				avatar: this.#isWanted ? avatar : avatar && "",
				heading: this.heading ?? strings.heading,
				placeholder: this.placeholder ?? strings.placeholder,
				greeting: this.greeting ?? strings.greeting,
				suggestions: listOf(this.suggestions) ?? [],
				messages: session?.conversation.messages ?? [],
				pending: session?.pending ?? [],
				open: session?.conversation.open !== undefined,
				settled:
					!!session &&
					(this.connection.state !== "connecting" || this.#outage.over),
				leaving: this.#userActions.leaving,
				copied: this.#userActions.copied,
				ratings: this.#userActions.ratings,
				secondsLeft: this.#countdown.secondsLeft,
				away: this.#scroll.away,
				unseen: this.#scroll.unseen,
				ready: !isBlank,
				problem,
				left: this.#composer.left(session?.limit),
				notice: this.#notice(),
				makeWriter: this.#makeWriter,
				fresh: this.#binding.fresh,
				linkBase: this.#url,
			},
			this.#userActions.actions,
		);
	}

	readonly #makeWriter = (container: HTMLElement) => {
		const { highlight, math } = this;
		const imageHosts = listOf(this.imageHosts);
		const options = { linkBase: this.#url, imageHosts, highlight, math };
		return createAnswerWriter(container, options, () => this.requestUpdate());
	};

	#notice() {
		return noticeFor(this.connection, this.#outage.over, this.#countdown, {
			wake: () => this.#session?.wake(),
			start: () => this.#session?.start(),
			startAnew: () => {
				this.newConversation();
				this.#session?.start();
			},
		});
	}
}

declare global {
	interface HTMLElementTagNameMap {
		"chat-stream": ChatStream;
	}
}
