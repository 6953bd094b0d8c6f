/**
 * Checks a response against the API descriptions that the server publishes.
 *
 * Stricter than the documents: a field that no schema has is a fault, so the server sends no undocumented field.
 */
import Ajv2020 from "ajv/dist/2020.js";
import { openApi } from "../../server/api-docs/openapi.ts";

export type Operation = {
	operationId: string;
	security: Record<string, unknown>[];
	parameters?: { name: string; in: string; required?: boolean }[];
	requestBody?: { content: Record<string, { schema: { $ref: string } }> };
	responses: Record<
		string,
		{
			headers?: Record<string, { schema: object }>;
			content?: Record<string, { schema: object }>;
		}
	>;
};
export type Paths = Record<string, Record<string, Operation>>;

export const contract = openApi("/chat");
export const paths = contract.paths as unknown as Paths;

/** Rejects undocumented fields at any depth. */
function closed(schema: unknown): unknown {
	if (Array.isArray(schema)) return schema.map(closed);
	if (schema === null || typeof schema !== "object") return schema;
	const copy = Object.fromEntries(
		Object.entries(schema).map(([name, part]) => [name, closed(part)]),
	);
	if (copy.properties && copy.type === "object")
		copy.additionalProperties ??= false;
	return copy;
}

const ajv = new Ajv2020({ allErrors: true, strict: false });
ajv.addSchema({
	$id: "contract",
	components: { schemas: closed(contract.components.schemas) },
});

/** Why a value does not match its schema; undefined if it matches. */
export function misfit(schema: object, value: unknown): string | undefined {
	const absolute = JSON.parse(
		JSON.stringify(schema).replaceAll('"#/', '"contract#/'),
	);
	const validate = ajv.compile(absolute);
	return validate(value) ? undefined : ajv.errorsText(validate.errors);
}

const named = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** The faults of an endpoint's response, as sentences. */
export async function faultsOf(
	method: string,
	path: string,
	response: Response,
): Promise<string[]> {
	const { pathname } = new URL(`http://a/chat${path}`);
	const operation = paths[pathname]?.[method.toLowerCase()];
	const described = operation?.responses[response.status];
	const text = await response.text();
	if (!described) return [`${response.status} is not described: ${text}`];
	const faults: string[] = [];
	for (const [name, { schema }] of Object.entries(described.headers ?? {})) {
		const value = response.headers.get(name);
		if (value === null && name === "Retry-After") continue;
		const why = misfit(schema, value);
		if (why) faults.push(`${name}: ${why}`);
	}
	const type = response.headers.get("content-type")?.split(";")[0] ?? "";
	const content = described.content?.[type];
	if (!content)
		return text === "" ? faults : [...faults, `${type} is not described`];
	if (type === "text/event-stream") {
		for (const [, data = ""] of text.matchAll(/^data: ?(.*)$/gm)) {
			const why = misfit(named("Down"), JSON.parse(data));
			if (why) faults.push(`${data}: ${why}`);
		}
		return faults;
	}
	const why = misfit(content.schema, JSON.parse(text));
	return why ? [...faults, `${text}: ${why}`] : faults;
}
