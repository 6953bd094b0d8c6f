/** Idle time-outs of HTTP connections after a response. */
import { expect, test } from "bun:test";
import { createOrigins } from "../../../server/auth/origins.ts";
import { createAuthentication } from "../../../server/auth/visitor-tokens.ts";
import { Chat } from "../../../server/chat/chat.ts";
import { VisitorData } from "../../../server/chat/visitor-data.ts";
import { defaults } from "../../../server/config/config.ts";
import { createHttpEndpoints } from "../../../server/endpoints/http/router.ts";
import { ConnectionLimits } from "../../../server/limits/connections.ts";
import { silentLogger } from "../../../server/operations/logger.ts";
import { memoryStore } from "../../../server/store/memory.ts";
import { manualClock } from "../../support/clock.ts";
import { scriptedProvider } from "../../support/scripted-provider.ts";

const clock = manualClock();
const chat = new Chat({
	store: memoryStore(clock),
	provider: scriptedProvider(),
	clock,
	logger: silentLogger,
	limits: defaults,
	settings: defaults,
	systemPrompt: undefined,
});
const { handle } = createHttpEndpoints({
	chat,
	clock,
	logger: silentLogger,
	settings: defaults,
	origins: createOrigins(undefined, silentLogger),
	connectionLimits: new ConnectionLimits(defaults, clock),
	visitorData: new VisitorData(memoryStore(clock)),
	authentication: createAuthentication(
		"a secret of the idle test, long enough",
		clock,
	),
	stopped: new AbortController().signal,
});

/** Asks an endpoint; resolves when its body has ended, with every time-out that it has set. */
async function ask(path: string, init: RequestInit) {
	const timeouts: number[] = [];
	const url = `http://a/chat${path}`;
	const timeout = (_: Request, seconds: number) => void timeouts.push(seconds);
	const endpoint = path.replace(/\?.*/, "");
	const client = { address: { group: "a", isLocal: true }, isTls: false };
	const request = new Request(url, init);
	const answer = await handle(request, endpoint, { timeout }, client);
	return { text: await answer.text(), timeouts };
}

test.each([
	["a whole answer", "count 3", {}],
	["a streamed answer", "count 3", { Accept: "text/event-stream" }],
	["an answer that fails", "throw", {}],
])(
	"%s may take its time, and its connection idles out afterwards",
	async (_, content, headers) => {
		const body = JSON.stringify({ content });
		const { timeouts } = await ask("/messages", {
			method: "POST",
			body,
			headers,
		});
		expect(timeouts).toEqual([0, 10]);
	},
);

test("the connection of a JSON poll idles out afterwards", async () => {
	const body = JSON.stringify({ content: "count 3" });
	const asked = await ask("/messages", { method: "POST", body });
	const { conversation, token } = JSON.parse(asked.text);
	const headers = {
		Accept: "application/json",
		Authorization: `Bearer ${token}`,
	};
	for (const after of [0, 5]) {
		const path = `/events?conversation=${conversation}&wait=0&after=${after}`;
		expect((await ask(path, { headers })).timeouts).toEqual([0, 10]);
	}
	const gone = await ask("/events?conversation=x", { headers });
	expect(gone.text).toContain("not_found");
	expect(gone.timeouts).toEqual([]);
});
