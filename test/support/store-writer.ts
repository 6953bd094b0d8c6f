/**
 * A process that writes into a store until it is killed: `bun store-writer.ts <file> <seed>`.
 *
 * It prints each resolved append as one JSON line: the events that a visitor may have seen. It continues after an
 * earlier writer that was killed.
 */
import { writeSync } from "node:fs";
import { openReply } from "../../protocol/conversation.ts";
import { ChatError } from "../../protocol/errors.ts";
import { sqliteStore } from "../../server/store/sqlite/sqlite-store.ts";
import type { Draft, Store } from "../../server/store/store.ts";
import { seeded } from "./clock.ts";
import {
	end,
	feedback,
	fold,
	question,
	readOn,
	reply,
	token,
} from "./drafts.ts";

const [file = "", seed = "1"] = process.argv.slice(2);
const random = seeded(Number(seed));
const store = sqliteStore(file, { now: () => Date.now() });
// A test that fails before the kill must leave no writer behind.
const until = Date.now() + 5_000;
await Promise.all(Array.from({ length: 20 }, (_, i) => write(store, `c${i}`)));

async function write(store: Store, conversation: string) {
	await store.create(conversation, "ann").catch((error) => {
		if (!(error instanceof ChatError && error.code === "conflict")) throw error;
	});
	let picture = await readOn(store, conversation);
	while (Date.now() < until) {
		const open = openReply(picture);
		const id = `m${picture.last + 1}`;
		let drafts: Draft[] = [question(`q${id}`), reply(id), token("First ")];
		if (open) {
			const dice = random();
			drafts = [token(`${picture.last} `)];
			if (dice < 0.03) drafts = [end(open.id, open.text)];
			else if (dice < 0.06) drafts = [feedback(open.id, "up")];
		}
		const events = await store.append(conversation, drafts);
		if (!events)
			throw new Error(
				"Expected a valid append to be stored; the store returned nothing.",
			);
		writeSync(1, `${JSON.stringify({ conversation, events })}\n`);
		picture = fold(events, picture);
	}
}
