/** Asks a provider in a test: builds the request from a question and collects the whole answer. */
import { ChatError } from "../../protocol/errors.ts";
import type {
	Chunk,
	Provider,
	ReplyRequest,
	Turn,
} from "../../server/providers/provider.ts";

export function request(
	question: string,
	more: Partial<ReplyRequest> & { before?: Turn[] } = {},
): ReplyRequest {
	const { before = [], ...rest } = more;
	return {
		conversation: "c-1",
		message: "m-1",
		turns: [...before, { role: "user", content: question }],
		...rest,
	};
}

export type Answer = Exclude<Chunk, string> & {
	text: string;
	pieces: string[];
};

export async function ask(
	provider: Provider,
	asked: string | ReplyRequest,
	signal: AbortSignal = new AbortController().signal,
): Promise<Answer> {
	const answer: Answer = { text: "", pieces: [] };
	const whole = typeof asked === "string" ? request(asked) : asked;
	for await (const piece of provider.reply(whole, signal)) {
		const { text, ...facts } =
			typeof piece === "string" ? { text: piece } : piece;
		Object.assign(answer, facts);
		if (text === undefined) continue;
		answer.text += text;
		answer.pieces.push(text);
	}
	return answer;
}

/** The error of an answer that is expected to fail, with the text before it. */
export async function failureOf(
	provider: Provider,
	asked: string | ReplyRequest,
): Promise<{ error: ChatError; text: string; cause: string }> {
	let text = "";
	const whole = typeof asked === "string" ? request(asked) : asked;
	try {
		const { signal } = new AbortController();
		for await (const piece of provider.reply(whole, signal))
			text += typeof piece === "string" ? piece : (piece.text ?? "");
	} catch (error) {
		if (!(error instanceof ChatError)) throw error;
		const { cause } = error;
		return {
			error,
			text,
			cause: cause instanceof Error ? cause.message : String(cause),
		};
	}
	throw new Error(`Expected a failure; the answer was ${text.slice(0, 200)}`);
}
