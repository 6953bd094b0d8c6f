/** Types of settings that the environment holds as text: flags, lists, times and URLs of keys. */
import * as z from "zod";
import { isLoopbackHost } from "../auth/ip-ranges.ts";

/** `true` or `false`. */
export const flag = z.preprocess(
	(value) => (value === "true" ? true : value === "false" ? false : value),
	z.boolean(),
);

/** Words separated by commas. */
export const list = z.preprocess(
	(value) =>
		typeof value === "string"
			? value.split(",").map((item) => item.trim())
			: value,
	z.array(z.string().min(1)).min(1),
);

const wholeMoment = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/;

/** A time with its time zone, as ms since 1970. */
export const moment = z.preprocess((value) => {
	if (typeof value !== "string" || !wholeMoment.test(value)) return value;
	const ms = Date.parse(value);
	return Number.isNaN(ms) ? value : ms;
}, z.number());

/** URL of published keys. Plain HTTP is allowed for localhost only, because keys could be replaced. */
export const keyAddress = z.string().refine((value) => {
	if (!URL.canParse(value)) return false;
	const { protocol, hostname } = new URL(value);
	return (
		["https:", "file:"].includes(protocol) ||
		(protocol === "http:" && isLoopbackHost(hostname))
	);
});
