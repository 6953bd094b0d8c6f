/**
 * The one place where a throw becomes a refusal on the wire. Both gates call it.
 *
 * A ChatError says what it says; anything else is `internal` with a reference id, and its details go
 * to the operator's log under the same id.
 */
import { ChatError } from "../../protocol/errors.ts";
import type { ErrorFrame } from "../../protocol/frames.ts";
import type { Counts } from "../operations/counters.ts";
import type { Logger } from "../operations/logger.ts";

export function errorFrameOf(
	thrown: unknown,
	logger: Logger,
	counts?: Counts,
): ErrorFrame {
	const error = thrown instanceof ChatError ? thrown : internal(thrown, logger);
	const { code, message: text, retryAfter, id } = error;
	if (counts) counts.refusals[code]++;
	if (error.cause !== undefined && code === "unavailable")
		logger("error", "unavailable", { error: error.cause });
	return {
		type: "control",
		action: "error",
		data: {
			code,
			text,
			...(retryAfter !== undefined && { retryAfter }),
			...(id !== undefined && { id }),
		},
	};
}

function internal(thrown: unknown, logger: Logger): ChatError {
	const reference = crypto.randomUUID();
	logger("error", "internal", { reference, error: thrown });
	return new ChatError(
		"internal",
		`Something went wrong on the server. Its operator finds it under ${reference}.`,
	);
}
