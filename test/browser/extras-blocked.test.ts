/** A page that enables highlighting and formulas but blocks the scripts: answers look as without them. */
import "../../widget/index.ts";
import { expect } from "@open-wc/testing";
import { makeRoom } from "../support/room.ts";

it("a page that blocks the optional scripts shows plain code and formula source", async () => {
	const first = await makeRoom(undefined, { highlight: "", math: "" });
	const blocked: string[] = [];
	const troubles: unknown[] = [];
	document.addEventListener("securitypolicyviolation", ({ blockedURI }) =>
		blocked.push(new URL(blockedURI).pathname),
	);
	window.addEventListener("unhandledrejection", ({ reason }) =>
		troubles.push(reason),
	);
	const policy = document.createElement("meta");
	policy.httpEquiv = "Content-Security-Policy";
	policy.content = "script-src 'none'";
	document.head.append(policy);

	const answer = "$$a^2$$\n\n```js\nconst a = 1;\n```\n\n";
	first.session.exchange("How?", answer.repeat(5));
	await first.painted();
	while (new Set(blocked).size < 2)
		await new Promise((resolve) => setTimeout(resolve, 5));
	await new Promise((resolve) => setTimeout(resolve, 50));
	first.session.exchange("And?", answer.repeat(5));
	await first.painted();
	await new Promise((resolve) => setTimeout(resolve, 50));

	expect(new Set(blocked)).to.deep.equal(
		new Set([
			"/widget/answer/highlight/part.ts",
			"/widget/answer/math/part.ts",
		]),
	);
	expect(blocked.length, "attempts").to.be.at.most(6);
	expect(first.all("math")).to.have.length(0);
	expect(first.all(".body pre")).to.have.length(10);
	expect(first.find("[part~=math]").textContent).to.equal("$$a^2$$");
	expect([...CSS.highlights.keys()]).to.deep.equal([]);
	expect(troubles).to.deep.equal([]);
});
