/**
 * Types of `chat-stream/server`: what a provider and `chat-stream.config.ts` are written against.
 *
 * Written by hand so that they need nothing else; a test compares them with the source, both ways.
 */

export type Turn = {
	role: "system" | "user" | "assistant";
	content: string;
};

export type ReplyRequest = {
	conversation: string;
	/** The id of the reply to be written. */
	message: string;
	/**
	 * The system prompt if there is one, then the conversation, ending with the visitor's question.
	 * If `beginning` is set, an assistant turn with that text follows.
	 */
	turns: readonly Turn[];
	/** The text of an interrupted reply, which this reply continues. */
	beginning?: string | undefined;
	/** What the page sent about itself, such as `{url, title}`. Untrusted. */
	context?: Record<string, unknown> | undefined;
	/**
	 * The visitor, if your site has signed a JWT for them. Verified, unlike `context`.
	 * Undefined for anonymous visitors.
	 */
	visitor?: KnownVisitor | undefined;
};

export type KnownVisitor = {
	/** The `sub` of the JWT. */
	id: string;
	/**
	 * The claims that `CHAT_JWT_CLAIMS` names, as far as the JWT has them. They are not stored:
	 * empty for a question that is answered after a restart of the server.
	 */
	claims: Record<string, unknown>;
};

/** A link that is shown below a reply. */
export type Source = { title: string; url: string };

/** What a provider yields: text, or facts about the reply. The last fact of each kind counts. */
export type Chunk =
	| string
	| {
			text?: string;
			/** Model tokens, as the limits count them. */
			usage?: { input: number; output: number };
			/** Why the text ended, if it is not complete. */
			reason?: "complete" | "length" | "filtered";
			sources?: Source[];
			/** For the log: the shape of a value that was not understood. Logged once per reply. */
			unread?: string;
	  };

export interface Provider {
	/** Printed when the server starts. */
	readonly name: string;
	/**
	 * Writes one reply, chunk by chunk. Stop when `signal` aborts: the visitor pressed stop, or a time
	 * limit was reached. The visitor does not see the text of an exception.
	 */
	reply(request: ReplyRequest, signal: AbortSignal): AsyncIterable<Chunk>;
	/** Releases files and sockets when the server stops. May be called twice. */
	close?(): Promise<void> | void;
}

/** The settings in `chat-stream.config.ts`. An environment variable overrides the same setting here. */
export interface ConfigFile {
	/** TCP port; 0 picks a free one. @default 8787 */
	port?: number;
	/** Address to listen on; `0.0.0.0` for all interfaces. @default "127.0.0.1" */
	host?: string;
	/** Serve the demo site: its pages, the documentation and the workbench. @default false */
	demo?: boolean;
	/** Base path of all endpoints. @default "/chat" */
	base?: string;
	/** `sqlite:<file>` or `memory:`. @default "sqlite:./data/chat.db" */
	store?: string;
	/** `pages`, `openai`, `http`, the path of a module, or your own code. @default "pages" */
	provider?: string | Provider | Provider["reply"];
	/** Model name, for `openai`. */
	model?: string | undefined;
	/** System prompt for the model. */
	systemPrompt?: string | undefined;
	/** Base URL of an OpenAI-compatible API. Default: OpenAI's own. */
	openaiBaseUrl?: string | undefined;
	/** API key for the OpenAI-compatible API. */
	openaiApiKey?: string | undefined;
	/** Request headers for the OpenAI-compatible API, for gateways. */
	openaiHeaders?: Record<string, string> | undefined;
	/** URL of your endpoint, for `http`. */
	httpUrl?: string | undefined;
	/** Request headers for your endpoint. */
	httpHeaders?: Record<string, string> | undefined;
	/** Folder of Markdown pages, for `pages`. @default "./demo/pages" */
	pages?: string;
	/** URL prefix of the sources in answers. @default "/docs/" */
	pagesUrl?: string;
	/** Name for your pages in answers. @default "these pages" */
	pagesTitle?: string;
	/** A known visitor on another device continues the newest conversation up to this age, days; 0: never. @default 30 */
	resumeDays?: number;
	/** Deletes conversations without new events for this many days. */
	retentionDays?: number | undefined;
	/** Signs anonymous visitors' credentials; at least 32 characters. Default: generated, stored. */
	secret?: string | undefined;
	/** Allow anonymous visitors. @default true */
	anonymous?: boolean;
	/** Shared secret with which your site signs its JWTs; at least 32 characters. */
	jwtSecret?: string | undefined;
	/** URL of your site's public keys (JWKS), `https:` or `file:`. */
	jwtJwksUrl?: string | undefined;
	/** Accepted JWT algorithms. Default: depends on the key. */
	jwtAlgorithms?: string[] | undefined;
	/** Required `iss` of a JWT. */
	jwtIssuer?: string | undefined;
	/** Required `aud` of a JWT. */
	jwtAudience?: string | undefined;
	/** Claims of a JWT that the provider receives as `request.visitor.claims`. Default: none. */
	jwtClaims?: string[] | undefined;
	/** Maximum age of a JWT, s. @default 3600 */
	jwtMaxAgeS?: number;
	/** Rejects credentials issued before this time, ms since 1970. */
	tokensNotBefore?: number | undefined;
	/** Longest visitor message, characters. @default 8000 */
	maxContentChars?: number;
	/** Bearer token for `/metrics`; at least 16 characters. If unset, `/metrics` is 404. */
	metricsToken?: string | undefined;
	/** Serves `/metrics` without a token on this port, on loopback only; 0 picks a free port. */
	metricsPort?: number | undefined;
	/** Least severe log level; `debug` logs each request and connection. @default "info" */
	logLevel?: "debug" | "info" | "warn" | "error";
	/** Heartbeat interval on idle connections, ms. @default 15000 */
	heartbeatMs?: number;
	/** Closes a connection that received nothing for this long, ms. @default 45000 */
	idleTimeoutMs?: number;
	/** Time limit for `hello` on a new WebSocket, ms. @default 5000 */
	helloMs?: number;
	/** Longest wait for batching chunks into one token under load, ms. @default 40 */
	batchMs?: number;
	/** Time limit for the model's first chunk, ms. @default 120000 */
	firstChunkTimeoutMs?: number;
	/** Time limit between two chunks of the model, ms. @default 30000 */
	nextChunkTimeoutMs?: number;
	/** Time limit for a whole reply, ms. @default 3600000 */
	replyMs?: number;
	/** Longest reply, characters. @default 500000 */
	maxReplyChars?: number;
	/** How long a reply continues without readers, ms. @default 300000 */
	unreadMs?: number;
	/** How long open replies may continue after SIGTERM, ms. @default 25000 */
	drainMs?: number;
	/** Origins that may use the chat, such as `https://*.shop.example`. Default: any page. */
	origins?: string[] | undefined;
	/** With `origins`: full access for requests without `Origin`. If false, they are read-only. @default false */
	withoutOrigin?: boolean;
	/** Proxies whose `X-Forwarded-For` is trusted, such as `10.0.0.0/8`. */
	trustedProxies?: string[] | undefined;
	/** New connections per address and minute. @default 300 */
	maxConnectionsPerMinute?: number;
	/** Open connections per address before `hello`. @default 20 */
	maxPendingConnections?: number;
	/** Open connections per address. @default 200 */
	maxConnectionsPerAddress?: number;
	/** Open connections per visitor. @default 100 */
	maxConnectionsPerVisitor?: number;
	/** HTTP requests per address at once. @default 200 */
	maxRequestsPerAddress?: number;
	/** Frames per connection, or requests per visitor, per second. @default 100 */
	maxFramesPerSecond?: number;
	/** Messages and retries per visitor and minute. @default 60 */
	maxMessagesPerMinute?: number;
	/** Messages and retries per visitor and day. @default 500 */
	maxMessagesPerDay?: number;
	/** Ratings stored per visitor and minute. @default 60 */
	maxFeedbackPerMinute?: number;
	/** What one visitor may add to the store per day, bytes. @default 25000000 */
	maxStoredPerVisitorDay?: number;
	/** Messages and retries per address and minute. @default 600 */
	maxMessagesPerAddressMinute?: number;
	/** New conversations per address and minute. @default 300 */
	maxConversationsPerAddressMinute?: number;
	/** Open replies per visitor. @default 10 */
	maxOpenRepliesPerVisitor?: number;
	/** Open replies of all visitors. @default 10000 */
	maxOpenReplies?: number;
	/** Model tokens (input and output) per visitor and day. @default 2000000 */
	maxTokensPerVisitorDay?: number;
	/** Model tokens (input and output) per address and day. @default 20000000 */
	maxTokensPerAddressDay?: number;
	/** Model tokens (input and output) of all visitors per day. @default 100000000 */
	maxTokensPerDay?: number;
	/** Earlier turns sent to the model, newest first, characters. @default 60000 */
	maxHistoryChars?: number;
}

/** Returns `config` unchanged; an editor checks and completes it. */
export function defineConfig(config: ConfigFile): ConfigFile;
