/**
 * The memory engine: everything is lost when the process ends. For trials, for tests, and for sites
 * that need no history. Knows no file.
 */
import { emptyHash } from "../../protocol/conversation.ts";
import { ChatError } from "../../protocol/errors.ts";
import {
	checkAppend,
	guardHolds,
	type LogState,
	logHead,
	openHashOf,
	storeClosed,
} from "./append-rules.ts";
import { MessageIndex } from "./message-index.ts";
import type { ConversationEntry, Store } from "./store.ts";
import { ReadBudget, Tail } from "./tail.ts";
import { Watchers } from "./watchers.ts";

type Log = {
	/** Its place in the order of creation. */
	readonly place: number;
	readonly epoch: string;
	readonly owner: string;
	state: LogState;
	readonly tail: Tail;
	readonly messages: MessageIndex;
	readonly contexts: Map<string, string>;
};

/** What the verbs share. */
type Shared = {
	readonly now: () => number;
	readonly logs: Map<string, Log>;
	/** The conversations of each visitor. */
	readonly owned: Map<string, Set<string>>;
	readonly settings: Map<string, string>;
	readonly watchers: Watchers;
	/** @throws {ChatError} once the store is closed. */
	mustBeOpen(): void;
	find(conversation: string): Log | undefined;
};

export function memoryStore({ now }: { now: () => number }): Store {
	const logs = new Map<string, Log>();
	let closed = false;
	const mustBeOpen = () => {
		if (closed) throw storeClosed();
	};
	const shared: Shared = {
		now,
		logs,
		owned: new Map(),
		settings: new Map(),
		watchers: new Watchers(),
		mustBeOpen,
		find(conversation) {
			mustBeOpen();
			return logs.get(conversation);
		},
	};
	return {
		...writing(shared),
		...reading(shared),
		...listing(shared),
		...settingVerbs(shared),
		async close() {
			closed = true;
		},
	};
}

function writing({
	now,
	logs,
	owned,
	watchers,
	find,
}: Shared): Pick<Store, "create" | "append" | "remove"> {
	let made = 0;
	return {
		async create(conversation, owner) {
			if (find(conversation))
				throw new ChatError("conflict", "This conversation exists already.");
			const log: Log = {
				place: ++made,
				epoch: crypto.randomUUID(),
				owner,
				state: { head: 0, touched: now(), open: undefined, hash: emptyHash },
				tail: new Tail(0),
				messages: new MessageIndex(),
				contexts: new Map(),
			};
			logs.set(conversation, log);
			const others = owned.get(owner) ?? new Set();
			owned.set(owner, others.add(conversation));
			return logHead(log);
		},

		async append(conversation, drafts, options = {}) {
			const log = find(conversation);
			if (!log) return undefined;
			const { state, messages } = log;
			const accepted = checkAppend(state, drafts, options, now(), (message) =>
				messages.roleOf(message),
			);
			if (!accepted) return undefined;
			// Serialized here: the caller may change it later, and what is not JSON must fail now.
			let context = options.context && JSON.stringify(options.context);
			log.state = accepted.state;
			for (const event of accepted.events) {
				log.tail.push(event);
				messages.add(event);
				if (event.type === "token" || event.action !== "start") continue;
				const { message, role } = event.data;
				if (role === "user" && context) {
					log.contexts.set(message, context);
					context = undefined;
				}
			}
			if (accepted.events.length > 0 && watchers.has(conversation))
				watchers.wake(conversation, {
					...logHead(log),
					events: accepted.events,
				});
			return accepted.events;
		},

		async remove(conversation, guard = {}) {
			const log = find(conversation);
			if (!log || !guardHolds(guard, log.state, now())) return false;
			logs.delete(conversation);
			const others = owned.get(log.owner);
			others?.delete(conversation);
			if (others?.size === 0) owned.delete(log.owner);
			watchers.wake(conversation);
			return true;
		},
	};
}

const reading = ({
	watchers,
	find,
}: Shared): Pick<
	Store,
	"head" | "message" | "text" | "waiting" | "read" | "watch" | "context"
> => ({
	async head(conversation) {
		const log = find(conversation);
		return log && logHead(log);
	},

	async message(conversation, message) {
		const log = find(conversation);
		return log?.messages.message(message, openHashOf(log.state));
	},

	async text(conversation, message) {
		const log = find(conversation);
		const found = log?.messages.message(message, "");
		if (!log || !found) return undefined;
		const { start, close } = found;
		if (start.data.role === "user") return start.data.content;
		return log.tail.text(start.sequence, close?.sequence);
	},

	async waiting(conversation) {
		return find(conversation)?.messages.waiting;
	},

	async read(conversation, after, limit) {
		const log = find(conversation);
		if (!log) return undefined;
		const events = log.tail.read(after, new ReadBudget(limit));
		return { ...logHead(log), events };
	},

	watch: (conversation, hint) => watchers.add(conversation, hint),

	async context(conversation, message) {
		const context = find(conversation)?.contexts.get(message);
		return context === undefined ? undefined : JSON.parse(context);
	},
});

function entryOf(conversation: string, log: Log): ConversationEntry {
	const { owner, place, state } = log;
	const { head, touched } = state;
	return { conversation, owner, head, touched, place };
}

const listing = ({
	now,
	logs,
	owned,
	mustBeOpen,
	find,
}: Shared): Pick<Store, "list" | "newest" | "quiet" | "unfinished"> => ({
	async list({ owner, after = 0, limit }) {
		mustBeOpen();
		const entries: ConversationEntry[] = [];
		for (const [conversation, log] of logs) {
			if (entries.length >= limit) break;
			if (log.place <= after) continue;
			if (owner !== undefined && owner !== log.owner) continue;
			entries.push(entryOf(conversation, log));
		}
		return entries;
	},

	async newest(owner) {
		mustBeOpen();
		let newest: ConversationEntry | undefined;
		for (const conversation of owned.get(owner) ?? []) {
			const log = find(conversation);
			if (!log || (newest && log.state.touched < newest.touched)) continue;
			newest = entryOf(conversation, log);
		}
		return newest;
	},

	async quiet(silentMs, limit) {
		mustBeOpen();
		const found: string[] = [];
		for (const [conversation, { state }] of logs) {
			if (found.length >= limit) break;
			if (guardHolds({ silentMs }, state, now())) found.push(conversation);
		}
		return found;
	},

	async unfinished() {
		mustBeOpen();
		return [...logs]
			.filter(([, log]) => log.state.open !== undefined)
			.map(([conversation]) => conversation);
	},
});

const settingVerbs = ({
	settings,
	mustBeOpen,
}: Shared): Pick<Store, "setting" | "keep"> => ({
	async setting(name, make) {
		mustBeOpen();
		const value = settings.get(name) ?? make();
		settings.set(name, value);
		return value;
	},

	async keep(name, value) {
		mustBeOpen();
		settings.set(name, value);
	},
});
