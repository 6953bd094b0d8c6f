/**
 * `chat-stream conversations …`: list, show, export and delete stored conversations.
 *
 * Printed text is escaped for the terminal; JSON is exact.
 */

import { copyOf, type Said, VisitorData } from "../chat/visitor-data.ts";
import { readConfig } from "../config/config.ts";
import { loadConfigFile } from "../config/config-file.ts";
import { escapeControls } from "../operations/escape-controls.ts";
import type { OperatorStore } from "../operator/operator-store.ts";
import { type Command, type Given, type Io, UsageError } from "./command.ts";
import { findStore } from "./open-store.ts";

const visitor = {
	type: "string",
	value: "<id>",
	says: "Only conversations of this visitor",
} as const;
const running = "  Works while the server runs, through its local socket.";
/** Rows that are read and printed at once. */
const batch = 100;

const list: Command = {
	name: "conversations list",
	says: "List the stored conversations, in order of creation",
	options: {
		visitor,
		json: { type: "boolean", says: "Print one JSON object per line" },
	},
	more: running,
	run: (given, io) =>
		withStore(io, selectionOf(given, 0), async (store, { owner }) => {
			if (!given.options.json)
				await io.out(
					`${row("CONVERSATION", "VISITOR", "EVENTS", "CHANGED")}\n`,
				);
			for (let after = 0; ; ) {
				const which = { after, limit: batch, ...(owner && { owner }) };
				const entries = await store.list(which);
				const lines = entries.map(({ conversation, owner, head, touched }) => {
					const changed = new Date(touched).toISOString();
					return given.options.json
						? JSON.stringify({ conversation, visitor: owner, head, changed })
						: row(conversation, owner, `${head}`, changed);
				});
				if (lines.length > 0) await io.out(`${lines.join("\n")}\n`);
				const last = entries.at(-1);
				if (!last) return 0;
				after = last.place;
			}
		}),
};

const show: Command = {
	name: "conversations show",
	words: "<conversation>",
	says: "Print the messages of a conversation",
	more: running,
	run: (given, io) =>
		withStore(io, selectionOf(given, 1), async (store, { ids: [id = ""] }) => {
			const copy = await found(store, id);
			await io.out(
				`${escapeControls(`Conversation ${id} of visitor ${copy.visitor}, last changed ${copy.lastChanged}`)}\n`,
			);
			for (const message of copy.messages)
				await io.out(`\n${escapeControls(spoken(message))}\n`);
			return 0;
		}),
};

const exportCommand: Command = {
	name: "conversations export",
	words: "<conversation> | --visitor <id>",
	says: "Print a conversation, or all data of a visitor, as JSON",
	options: { visitor },
	more: running,
	run: (given, io) =>
		withStore(io, selectionOf(given, 1), async (store, { owner, ids }) => {
			if (owner === undefined) {
				const copy = await found(store, ids[0] ?? "");
				await io.out(`${JSON.stringify(copy, undefined, "\t")}\n`);
				return 0;
			}
			const copy = new VisitorData(store).copy({ id: owner });
			for await (const chunk of copy) await io.out(chunk);
			return 0;
		}),
};

const deleteCommand: Command = {
	name: "conversations delete",
	words: "<conversation>… | --visitor <id>",
	says: "Delete conversations, or all data of a visitor, permanently",
	options: {
		visitor,
		yes: {
			type: "boolean",
			says: "Delete. Without it the command only prints what it would delete",
		},
	},
	more: running,
	run: (given, io) =>
		withStore(
			io,
			selectionOf(given, Number.POSITIVE_INFINITY),
			async (store, { owner, ids }) => {
				for (const id of ids) await found(store, id);
				const what =
					owner === undefined
						? many(ids.length)
						: `all conversations of visitor ${escapeControls(owner)}`;
				if (!given.options.yes) {
					await io.out(`Would delete ${what}. Add --yes to delete.\n`);
					return 2;
				}
				let deleted = 0;
				if (owner !== undefined)
					deleted = await new VisitorData(store).delete({ id: owner });
				for (const id of ids) if (await store.remove(id)) deleted++;
				await io.out(`Deleted ${many(deleted)}.\n`);
				return 0;
			},
		),
};

export const conversationCommands = [list, show, exportCommand, deleteCommand];

type Selection = { ids: readonly string[]; owner?: string };

/** Opens the configured store. Does not create one. */
async function withStore(
	io: Io,
	selection: Selection,
	work: (store: OperatorStore, selection: Selection) => Promise<number>,
): Promise<number> {
	const config = readConfig(io.env, await loadConfigFile(io.folder));
	const { store } = await findStore(config, io);
	try {
		return await work(store, selection);
	} finally {
		await store.close();
	}
}

/** Reads the selection from the arguments: at most `most` ids, or a visitor. */
function selectionOf({ words, options }: Given, most: number): Selection {
	const { visitor: owner } = options;
	if (owner === "") throw new UsageError("Expected --visitor with an id.");
	const isOwners = typeof owner === "string";
	if (words.length === 0 && most > 0 && !isOwners)
		throw new UsageError("Expected the id of a conversation.");
	const extra = words[isOwners ? 0 : most];
	if (extra !== undefined)
		throw new UsageError(`Unexpected argument "${extra}".`);
	return { ids: words, ...(isOwners && { owner }) };
}

async function found(store: OperatorStore, id: string) {
	const copy = await copyOf(store, id);
	if (!copy) throw new Error(`No such conversation: "${escapeControls(id)}".`);
	return copy;
}

function spoken(message: Said): string {
	const facts: string[] = [message.role, message.at];
	if (message.role === "assistant") {
		const { close, feedback } = message;
		if (!close) facts.push("open");
		else facts.push(close.by === "end" ? close.reason : close.code);
		if (feedback) facts.push(`feedback ${feedback}`);
	}
	return `${facts.join(" · ")}\n${message.text}`;
}

const row = (...cells: string[]): string => {
	const [conversation = "", visitor = "", events = "", changed = ""] =
		cells.map(escapeControls);
	return `${conversation.padEnd(36)}  ${visitor.padEnd(36)}  ${events.padStart(6)}  ${changed}`;
};

const many = (count: number): string =>
	count === 1 ? "1 conversation" : `${count} conversations`;
