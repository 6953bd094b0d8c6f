/** The served descriptions are what they claim to be, and describe every endpoint there is. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import asyncSpecs from "@asyncapi/specs";
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv, { type ValidateFunction } from "ajv";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { asyncApi } from "../../../../server/api-docs/asyncapi.ts";
import { openApi } from "../../../../server/api-docs/openapi.ts";
import type { HttpParts } from "../../../../server/endpoints/http/endpoint.ts";
import { createHttpEndpoints } from "../../../../server/endpoints/http/router.ts";
import { contract, paths } from "../../../support/contract.ts";

const root = join(import.meta.dir, "../../../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

describe("the OpenAPI document", () => {
	test("is a valid one of version 3.1", async () => {
		const validator = new Validator();
		const { valid, errors } = await validator.validate(openApi("/chat"));
		expect(errors).toBeUndefined();
		expect(valid).toBeTrue();
		expect(validator.version).toBe("3.1");
	});

	test("an invalid one is detected", async () => {
		const broken = { ...openApi("/chat"), paths: { chat: { get: 1 } } };
		expect((await new Validator().validate(broken)).valid).toBeFalse();
	});

	test("describes every endpoint of PROTOCOL.md, and under the configured base", () => {
		const endpoints = read("PROTOCOL.md").matchAll(
			/^\| `(GET|POST) (\/chat[\w/]*)/gm,
		);
		const promised = [...endpoints].map(([, method = "", path = ""]) => [
			path,
			method.toLowerCase(),
		]);
		expect(promised.length).toBe(5);
		const elsewhere = openApi("/help/talk").paths;
		for (const [path = "", method = ""] of promised) {
			expect(paths[path]).toHaveProperty(method);
			expect(elsewhere).toHaveProperty([path.replace("/chat", "/help/talk")]);
		}
	});

	test("describes exactly the router's endpoints", () => {
		const parts = { settings: { base: "/chat" } } as unknown as HttpParts;
		const { endpoints } = createHttpEndpoints(parts);
		const there = Object.entries(endpoints).flatMap(([path, { methods }]) =>
			methods.map((method) => `${method} /chat${path}`),
		);
		const described = Object.entries(paths).flatMap(([path, methods]) =>
			Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
		);
		expect(described.toSorted()).toEqual([...there, "GET /chat"].toSorted());
	});
});

describe("the AsyncAPI document", () => {
	// It brings the schema of schemas along.
	const ajv = new Ajv({ meta: false, validateSchema: false, strict: false });
	addFormats(ajv);
	const isAsyncApi = ajv.compile(
		asyncSpecs.schemas["3.0.0"] as object,
	) as ValidateFunction;

	test("is a valid one of version 3.0.0", () => {
		expect(isAsyncApi(asyncApi("/chat"))).toBeTrue();
		expect(isAsyncApi.errors).toBeNull();
	});

	test("would be found out if it were not", () => {
		const { channels: _, ...broken } = asyncApi("/chat");
		expect(isAsyncApi({ ...broken, operations: { x: {} } })).toBeFalse();
	});

	test("refers to nothing that is not there", () => {
		const document = asyncApi("/chat");
		const refs = JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g);
		const targets = [...refs].map(([, path = ""]) => path.split("/"));
		expect(targets.length).toBeGreaterThan(40);
		for (const path of targets) expect(document).toHaveProperty(path);
	});

	test("receives every frame up of PROTOCOL.md section 3, and sends every one down", () => {
		const rows = read("PROTOCOL.md").matchAll(/^\| `(\{"type".*?\})` +\|/gm);
		const types = [...rows].map(
			([, frame = ""]) => frame.match(/"type":"(\w+)"/)?.[1],
		);
		expect(types.length).toBe(10);
		const said = JSON.stringify(asyncApi("/help/talk"));
		for (const type of types) expect(said).toContain(`"const":"${type}"`);
		expect(said).toContain('"address":"/help/talk"');
	});
});

describe("the schemas of both", () => {
	const dialects = [
		["draft 2020-12", new Ajv2020({ strict: false }), contract],
		["draft 7", new Ajv({ strict: false }), asyncApi("/chat")],
	] as const;
	for (const [name, ajv, document] of dialects) {
		ajv.addSchema({ $id: "doc", components: document.components });
		const anyOf = (names: readonly string[]) =>
			ajv.compile({
				anyOf: names.map((name) => ({
					$ref: `doc#/components/schemas/${name}`,
				})),
			});
		const isUp = anyOf([
			...["Hello", "Send", "Stop", "Retry", "SayFeedback", "SayPing"],
		]);
		const isDown = anyOf([
			...["Ready", "Ping", "Pong", "Refusal"],
			...["Token", "Start", "End", "Failure", "Feedback"],
		]);
		for (const [way, fits] of [
			["up", isUp],
			["down", isDown],
		] as const)
			test(`in ${name} tell the vectors that go ${way} as the decoders do`, () => {
				const { accepted, refused } = JSON.parse(
					read(`test/vectors/${way}.json`),
				);
				// Later versions' events are counted by readers, and described by those versions.
				for (const { name, frame } of accepted)
					if (name !== "an event whose action is of the future")
						expect([name, fits(frame)]).toEqual([name, true]);
				for (const { name, text } of refused)
					expect([name, isJson(text) && fits(JSON.parse(text))]).toEqual([
						name,
						false,
					]);
			});
	}
});

function isJson(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}
