/**
 * The element `<chat-stream>`: attributes and properties in, events out, one render().
 *
 * It shows what its session holds, at most once a frame, and never sees a frame or a transport. Each
 * concern has a controller; this file connects them and is the public interface.
 */

import type { Reply } from "../../protocol/conversation.ts";
import {
	directionFor,
	languageFor,
	overrideWords,
	setLanguage,
} from "../i18n/language.ts";
import { strings } from "../i18n/strings.ts";
import type {
	ChatSession,
	Connection,
	Diagnostics,
	SessionOptions,
} from "../session/types.ts";
import {
	answerChunk,
	createAnswerWriter,
	loadAnswerChunk,
} from "../view/answer-writer.ts";
import { chatView } from "../view/chat-view.ts";
import { noticeFor } from "../view/connection-notice.ts";
import { adoptChunkStyles, styles } from "../view/styles.ts";
import { textBefore } from "../view/transcript-view.ts";
import { UserActions } from "./actions.ts";
import {
	applyAppearance,
	validValue,
	warnAboutInvalidValues,
} from "./attribute-values.ts";
import { ChatAttributes } from "./attributes.ts";
import { Composer, excessOf } from "./composer.ts";
import { Countdown } from "./countdown.ts";
import { ChatSendEvent, ChatToggleEvent } from "./events.ts";
import { FloatingPanel } from "./floating-panel.ts";
import { nextPaint, whenIdle } from "./frame-timing.ts";
import { listOf } from "./list-attribute.ts";
import { LiveRegion } from "./live-region.ts";
import { type Effect, Notifications } from "./notifications.ts";
import { OutageTimer } from "./outage-timer.ts";
import { keepKeys } from "./own-keys.ts";
import { messageContext } from "./page-context.ts";
import { pageStorage } from "./page-storage.ts";
import { ScrollAnchor } from "./scroll-anchor.ts";
import { SessionBinding } from "./session-binding.ts";
import { TabStorage, unansweredIds } from "./tab-storage.ts";

declare const __VERSION__: string;

/**
 * A chat with the model of the page's owner. Moving the element within the page keeps its session.
 *
 * @tag chat-stream
 * @fires {ChatSendEvent} chat-send - A message is about to be sent. Cancelable: the text stays in the composer.
 * @fires {ChatFeedbackEvent} chat-feedback - The visitor rates a reply. Cancelable: the rating is not sent to the server.
 * @fires {ChatMessageEvent} chat-message - A reply that was open is closed: complete, stopped or failed.
 * @fires {ChatErrorEvent} chat-error - A request was rejected, or a reply failed.
 * @fires {ChatConnectionEvent} chat-connection - The connection to the server changed its state.
 * @fires {ChatIntegrityEvent} chat-integrity - A shown text differs from what the server closed. The log is read again.
 * @fires {ChatToggleEvent} chat-open - The floating panel was opened.
 * @fires {ChatToggleEvent} chat-close - The floating panel was closed.
 */
export class ChatStream extends ChatAttributes {
	/** The version of the script. Of two copies on a page, the first stays registered. */
	static readonly version =
		typeof __VERSION__ === "string" ? __VERSION__ : "source";
	/** The server's base address for elements without `src`. Set by the script that registers the element. */
	static defaultSrc: string | undefined;

	static override styles = styles;

	#language = "en";
	/** The conversation is to be shown. A launcher starts without it, and loads nothing. */
	#isActive = false;
	/** How far a closed panel is prepared: 1 means rendered, 2 means laid out but invisible. */
	#prepared = 0;
	#unread = 0;
	/** The attribute `open` was set by the page. */
	#isOpenByPage = false;
	#isReflecting = false;
	#tabStorage: TabStorage | undefined;
	readonly #binding = new SessionBinding(this, {
		options: () => this.#sessionOptions(),
		attached: (session) => this.#attached(session),
		changed: (change, session) => {
			this.#notifications.changed(change, session, this.#outage.isOver);
			this.requestUpdate();
		},
		leaving: (session) => {
			const ids = unansweredIds(session);
			if (ids) this.#storage.awaited = ids;
		},
		detached: () => {
			this.#liveRegion.silence();
			this.#outage.end();
		},
	});
	// Before the controllers that measure the panel: a hidden one has no size.
	readonly #panel = new FloatingPanel(this);
	readonly #scroll = new ScrollAnchor(this);
	readonly #composer = new Composer(this, () => this.#storage);
	readonly #liveRegion = new LiveRegion(() => this.renderRoot);
	readonly #countdown = new Countdown(() => this.requestUpdate());
	readonly #outage = new OutageTimer(() => {
		const notice = this.#notice();
		if (notice?.tone === "calm") this.#liveRegion.say(notice.text);
		this.requestUpdate();
	});
	readonly #run = (effect: Effect) => this.#carryOut(effect);
	readonly #notifications = new Notifications(
		this,
		() => this.#session,
		this.#run,
	);
	readonly #userActions = new UserActions(this, {
		session: () => this.#session,
		composer: this.#composer,
		scroll: this.#scroll,
		panel: this.#panel,
		notifications: this.#notifications,
		run: this.#run,
	});

	/** The state of the connection to the server. */
	get connection(): Connection {
		return this.#session?.connection ?? { state: "idle" };
	}

	/**
	 * Sends a message as if the visitor had typed it, and returns its id. Returns `undefined` if the text
	 * is empty or too long, or if a listener of `chat-send` calls `preventDefault()`.
	 */
	send(text: string): string | undefined {
		if (this.isConnected) this.#attach();
		const session = this.#session;
		const content = text.trim();
		if (!session || !content) return undefined;
		const excess = excessOf(content, session.limit);
		if (excess) {
			const limit = session.limit as number;
			this.#run({ type: "problem", text: strings.tooLong(limit, excess) });
			return undefined;
		}
		if (!this.dispatchEvent(new ChatSendEvent(content))) return undefined;
		const id = session.send(content, messageContext(this.context));
		this.#notifications.expect(id);
		this.#scroll.asked();
		return id;
	}

	/** Asks the server to close the open reply. */
	stop() {
		this.#session?.stopReply();
	}

	/** Starts a new conversation. The old one stays on the server. */
	newConversation() {
		this.#liveRegion.silence();
		this.#composer.problem = undefined;
		this.#userActions.ratings.clear();
		this.#session?.newConversation();
		this.#storage.awaited = [];
		this.#scroll.follow();
	}

	/** Opens the floating panel. The focus moves into it only after a click or key of the visitor. */
	show() {
		this.open = true;
		const isByVisitor = navigator.userActivation?.isActive ?? true;
		if (!isByVisitor || !this.isConnected) return;
		// Synchronously: a phone opens its keyboard only while it handles the tap.
		this.performUpdate();
		this.focus();
	}

	/** Closes the floating panel. */
	hide() {
		this.open = false;
	}

	/** Opens the floating panel, or closes it. */
	toggle() {
		if (this.open) this.hide();
		else this.show();
	}

	/** The transport and counters of the connection, for troubleshooting. */
	diagnostics(): Diagnostics | undefined {
		return this.#session?.diagnostics();
	}

	/** Moves the focus into the text box. */
	override focus(options?: FocusOptions) {
		this.#composer.focus(options);
	}

	get #session(): ChatSession | undefined {
		return this.#binding.current;
	}

	get #isFloating(): boolean {
		return this.mode === "floating";
	}

	get #url(): string {
		const src = this.src ?? ChatStream.defaultSrc ?? "/chat";
		return new URL(src, document.baseURI).href;
	}

	get #storage(): TabStorage {
		this.#tabStorage ??= new TabStorage(this.#url);
		return this.#tabStorage;
	}

	/** @deprecated The former name of `open`. */
	get opened(): boolean {
		return this.open;
	}
	set opened(isOpen: boolean) {
		this.open = isOpen;
	}

	protected override createRenderRoot() {
		const root = super.createRenderRoot();
		keepKeys(root as ShadowRoot);
		return root;
	}

	/**
	 * Libraries that update a page by morphing remove attributes that are not in its HTML. An `open` that
	 * only reflects the property comes back; one that the page has set closes the panel.
	 */
	override attributeChangedCallback(
		name: string,
		old: string | null,
		value: string | null,
	) {
		if (name === "open") {
			if (this.#isReflecting) return;
			if (value === null && this.open && !this.#isOpenByPage) {
				this.requestUpdate();
				return;
			}
			this.#isOpenByPage = value !== null;
		}
		super.attributeChangedCallback(name, old, value);
	}

	#reflectOpen() {
		this.#isReflecting = true;
		this.toggleAttribute("open", this.open);
		this.#isReflecting = false;
		this.#isOpenByPage &&= this.open;
	}

	override connectedCallback() {
		// A value that was set before the script came hides the accessor.
		if (Object.hasOwn(this, "opened")) {
			const { opened } = this;
			Reflect.deleteProperty(this, "opened");
			this.opened = opened;
		}
		super.connectedCallback();
		if (this.#isFloating) this.#loadLanguage();
		if (this.hasUpdated && this.#isActive) this.#attach();
	}

	/** Every update but the first waits for the next frame. */
	protected override async scheduleUpdate() {
		if (this.hasUpdated) await nextPaint();
		super.scheduleUpdate();
	}

	protected override willUpdate(changed: Map<string, unknown>) {
		warnAboutInvalidValues(this, changed);
		// The visitor signed in or out. Another function for the same visitor changes nothing.
		const isOtherVisitor =
			changed.has("getToken") && !(changed.get("getToken") && this.getToken);
		if (changed.has("src") || changed.has("transport") || isOtherVisitor)
			this.#binding.detach(true);
		if (changed.has("src")) this.#tabStorage = undefined;
		if (changed.has("words")) overrideWords(this.words ?? {});
		if (this.open) this.#unread = 0;
		// A closed panel loads nothing, unless an answer is on its way.
		this.#isActive ||=
			!this.#isFloating ||
			this.open ||
			this.session !== undefined ||
			this.#storage.awaited.length > 0;
		if (!this.isConnected || !this.#isActive) return;
		// A panel that opens is painted before it connects.
		if (this.hasUpdated && !this.session && !this.#session)
			nextPaint().then(() =>
				setTimeout(() => this.isConnected && this.#attach()),
			);
		else this.#attach();
	}

	protected override updated(changed: Map<string, unknown>) {
		if (changed.has("lang")) this.#loadLanguage();
		if (changed.has("mode") && this.#isFloating) whenIdle(this.#prepare);
		applyAppearance(this.renderRoot, this, changed);
		this.#reflectOpen();
		const was = changed.get("open");
		if (!changed.has("open") || !this.#isFloating || this.open === !!was)
			return;
		if (this.open) this.#scroll.shown();
		const type = this.open ? "chat-open" : "chat-close";
		this.dispatchEvent(new ChatToggleEvent(type));
	}

	/** Renders the closed panel in idle time, in two steps, so that no step blocks the page for long. */
	readonly #prepare = async () => {
		if (this.#isActive) return;
		this.#prepared++;
		this.requestUpdate();
		await this.updateComplete;
		if (this.#prepared < 2) whenIdle(this.#prepare);
	};

	#attach() {
		this.#isActive = true;
		this.#binding.attach(this.session);
	}

	#sessionOptions(): SessionOptions {
		return {
			url: this.#url,
			transport: validValue("transport", this.transport) ?? "auto",
			storage: pageStorage("localStorage"),
			memo: pageStorage("sessionStorage"),
			getToken: this.getToken && (() => this.getToken?.()),
			debug: this.debug
				? (entry, detail) => console.log("<chat-stream>", entry, detail)
				: undefined,
		};
	}

	#attached(session: ChatSession) {
		for (const id of this.#storage.awaited) this.#notifications.expect(id);
		this.#notifications.begin(session);
		loadAnswerChunk().then(() => {
			adoptChunkStyles(this.renderRoot, answerChunk()?.looks);
			this.requestUpdate();
		});
		this.#loadLanguage();
		this.requestUpdate();
	}

	/** A launcher that was never opened loads no strings. */
	async #loadLanguage() {
		const tag = languageFor(this);
		await setLanguage(tag, this.#isActive ? this.#url : undefined);
		this.#language = tag ?? "en";
		this.requestUpdate();
	}

	#textBefore(reply: Reply): string {
		return textBefore(reply, this.#session?.conversation.messages ?? []);
	}

	#carryOut(effect: Effect) {
		switch (effect.type) {
			case "event":
				this.dispatchEvent(effect.event);
				break;
			case "say":
			case "alert":
				this.#liveRegion[effect.type](effect.text);
				break;
			case "problem":
				this.#composer.problem = effect.text;
				this.#liveRegion.alert(effect.text);
				this.requestUpdate();
				break;
			case "takeBack":
				this.#takeBack(effect);
				break;
			case "contentAdded":
				this.#scroll.contentAdded();
				break;
			case "replyGrown":
				this.#liveRegion.watch(
					effect.reply,
					effect.fromStart,
					this.#textBefore(effect.reply),
				);
				break;
			case "replyClosed":
				this.#liveRegion.close(effect.reply, this.#textBefore(effect.reply));
				if (this.#isFloating && !this.open) this.#unread++;
				break;
			case "ratingStored":
				this.#userActions.ratings.delete(effect.reply);
				break;
			case "connection":
				this.#outage.watch(effect.connection);
				break;
			default:
				effect satisfies never;
		}
	}

	/** A composer with other text in it keeps that; the message then stays in the transcript. */
	#takeBack({ message, text }: Extract<Effect, { type: "takeBack" }>) {
		if (!this.#composer.isBlank) {
			this.#run({ type: "alert", text: `${strings.notSent} ${text}` });
			return;
		}
		this.#session?.discard(message.id);
		this.#composer.write(message.text);
		this.#run({ type: "problem", text });
	}

	protected override render() {
		const session = this.#session;
		const { problem, isBlank } = this.#composer;
		const { leaving, copied, ratings, actions } = this.#userActions;
		const avatar = validValue("avatar", this.avatar);
		return chatView(
			{
				language: this.#language,
				direction: directionFor(this, this.#language),
				floating: this.#isFloating,
				unfolded: this.#isActive || this.#prepared > 0,
				laidOut: !this.#isActive && this.#prepared > 1,
				opened: this.open,
				unread: this.#unread,
				// A closed panel does not load the image.
				avatar: this.#isActive ? avatar : avatar && "",
				heading: this.heading ?? strings.heading,
				placeholder: this.placeholder ?? strings.placeholder,
				greeting: this.greeting ?? strings.greeting,
				suggestions: listOf(this.suggestions) ?? [],
				messages: session?.conversation.messages ?? [],
				pending: session?.pending ?? [],
				open: session?.conversation.open !== undefined,
				settled:
					!!session &&
					(this.connection.state !== "connecting" || this.#outage.isOver),
				leaving,
				copied,
				ratings,
				secondsLeft: this.#countdown.secondsLeft,
				following: this.#scroll.isFollowing,
				away: this.#scroll.away,
				unseen: this.#scroll.unseen,
				ready: !isBlank,
				problem,
				left: this.#composer.left(session?.limit),
				notice: this.#notice(),
				makeWriter: this.#makeWriter,
				fresh: this.#binding.newTokens,
				linkBase: this.#url,
			},
			actions,
		);
	}

	readonly #makeWriter = (container: HTMLElement) => {
		const { highlight, math } = this;
		const options = {
			linkBase: this.#url,
			imageHosts: listOf(this.imageHosts),
			highlight,
			math,
		};
		return createAnswerWriter(container, options, () => this.requestUpdate());
	};

	#notice() {
		const { isOver } = this.#outage;
		return noticeFor(this.connection, isOver, this.#countdown.secondsTo, {
			reconnectNow: () => this.#session?.wake(),
			restart: () => this.#session?.start(),
			startNewConversation: () => {
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
