/**
 * The endpoint through which visitors get and delete what is kept about them: GET and DELETE /me.
 *
 * `http.ts` opens it to whoever bears a credential. It translates and nothing more.
 */

import type { Clock } from "../../../protocol/clock.ts";
import type { VisitorData } from "../../chat/visitor-data.ts";
import type { Logger } from "../../operations/logger.ts";
import type { Visitor } from "../../visitor.ts";
import { errorFrameOf } from "../errors.ts";
import { streamResponse } from "./stream.ts";

export const meMethods = ["GET", "DELETE"] as const;

type MeParts = { visitorData: VisitorData; clock: Clock; logger: Logger };

/** A copy of everything. `onGone` is called once, when nobody takes any more of it. */
export function copyFor(
	visitor: Visitor,
	{ visitorData, clock, logger }: MeParts,
	onGone: () => void,
): Response {
	const copy = visitorData.copy(visitor);
	// Where it fails, a refusal stands: half a copy is no JSON and does not look like a whole one.
	const lastWords = (error: unknown) =>
		JSON.stringify(errorFrameOf(error, logger));
	const answer = streamResponse(copy, clock, lastWords, onGone);
	answer.headers.set("Content-Type", "application/json; charset=utf-8");
	answer.headers.set(
		"Content-Disposition",
		'attachment; filename="conversations.json"',
	);
	return answer;
}
