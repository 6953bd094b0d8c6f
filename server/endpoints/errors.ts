/**
 * Turns anything thrown into an error frame, at the edge and nowhere else.
 *
 * A ChatError is sent as it is. Anything else becomes `internal` with a reference id; its details go
 * to the log under the same id and never to the client.
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
	if (counts) counts.rejections[code]++;
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
		`Something went wrong on the server. The operator's log has the details under ${reference}.`,
	);
}
