/** The events of a page that wake a session. */
import { expect } from "@open-wc/testing";
import { watchPageLifecycle } from "../../widget/element/page-lifecycle.ts";
import { FakeSession } from "../support/fake-session.ts";

const kept = (key: string | null) =>
	window.dispatchEvent(new StorageEvent("storage", { key }));

it("a session checks again when another tab stores a conversation, and only then", () => {
	const session = new FakeSession();
	const end = watchPageLifecycle(session, "https://chat.test/chat");
	kept("chat-stream https://chat.test/chat pending 1");
	kept("theme");
	kept(null);
	expect(session.asked).to.deep.equal([]);
	kept("chat-stream https://chat.test/chat identity");
	expect(session.asked).to.deep.equal(["wake"]);
	end();
	kept("chat-stream https://chat.test/chat identity");
	expect(session.asked).to.deep.equal(["wake"]);
});
