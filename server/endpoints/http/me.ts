/** `GET /me` sends a visitor a copy of all their data. `DELETE /me` deletes it. */
import { bearerOf } from "../../auth/visitor-tokens.ts";
import type { Visitor } from "../../visitor.ts";
import { errorFrameOf } from "../errors.ts";
import type { Access } from "./access.ts";
import type { Endpoint, HttpParts } from "./endpoint.ts";
import { json } from "./response.ts";
import { streamResponse } from "./stream.ts";

export function meEndpoint(parts: HttpParts, access: Access): Endpoint {
	const { visitorData, connectionLimits } = parts;
	return {
		methods: ["GET", "DELETE"],
		async respond({ request, client }) {
			const { visitor } = await access.authenticate(
				bearerOf(request),
				true,
				client,
			);
			if (request.method === "DELETE")
				return json({ deleted: await visitorData.delete(visitor) });
			const release = connectionLimits.openCopy(visitor.id);
			const controller = access.releaseOnAbort(request, release);
			return copyResponse(visitor, parts, () => controller.abort());
		},
	};
}

function copyResponse(
	visitor: Visitor,
	{ visitorData, clock, logger }: HttpParts,
	onEnd: () => void,
): Response {
	const response = streamResponse(visitorData.copy(visitor), {
		clock,
		// An error frame makes the body invalid JSON, so that half a copy does not look complete.
		errorText: (error) => JSON.stringify(errorFrameOf(error, logger)),
		onEnd,
	});
	response.headers.set("Content-Type", "application/json; charset=utf-8");
	response.headers.set(
		"Content-Disposition",
		'attachment; filename="conversations.json"',
	);
	return response;
}
