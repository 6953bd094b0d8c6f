/**
 * IP addresses as bytes: parsing, ranges, loopback. Knows no request and no limit.
 */
import { isIP } from "node:net";

/** An address as 16 bytes. IPv4 is mapped into IPv6 (`::ffff:a.b.c.d`). */
export type Bytes = readonly number[];
export type Range = { bytes: Bytes; bits: number };

const mapped: Bytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** An address or a network such as `10.0.0.0/8`. `undefined` if the text is neither. */
export function rangeOf(text: string): Range | undefined {
	const [address = "", length, ...rest] = text.split("/");
	const bytes = bytesOf(address);
	if (!bytes || rest.length > 0) return undefined;
	if (length === undefined) return { bytes, bits: 128 };
	const before = isIP(address) === 4 ? 96 : 0;
	if (!/^\d{1,3}$/.test(length)) return undefined;
	const bits = before + Number(length);
	return bits <= 128 ? { bytes, bits } : undefined;
}

export const isWithin = (bytes: Bytes, range: Range): boolean =>
	range.bytes.every((byte, i) => {
		const bits = Math.min(8, Math.max(0, range.bits - 8 * i));
		return (byte ^ (bytes[i] as number)) >> (8 - bits) === 0;
	});

export const isV4 = (bytes: Bytes): boolean =>
	mapped.every((b, i) => bytes[i] === b);

/** `127.0.0.0/8`, also mapped into IPv6, or `::1`. */
export const isLoopback = (bytes: Bytes): boolean =>
	isV4(bytes)
		? bytes[12] === 127
		: bytes.every((byte, i) => byte === (i === 15 ? 1 : 0));

/** Whether the hostname of a URL is `localhost` or a loopback address. */
export function isLoopbackHost(hostname: string): boolean {
	if (hostname === "localhost") return true;
	const bytes = bytesOf(hostname);
	return bytes !== undefined && isLoopback(bytes);
}

/**
 * Accepts what proxies write: an address with a port, in brackets or with a zone.
 * `undefined` if the text is no address.
 */
export function bytesOf(text: string): Bytes | undefined {
	const trimmed = text.trim();
	const bare =
		/^\[([^\]]*)\](?::\d+)?$/.exec(trimmed)?.[1] ??
		/^([\d.]+):\d+$/.exec(trimmed)?.[1] ??
		trimmed;
	const address = bare.replace(/%.*$/, "");
	switch (isIP(address)) {
		case 4:
			return [...mapped, ...address.split(".").map(Number)];
		case 6:
			return v6BytesOf(address);
		default:
			return undefined;
	}
}

function v6BytesOf(address: string): Bytes {
	const v4 = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
	const hex = v4
		? `${v4[1]}${pairOf(v4[2], v4[3])}:${pairOf(v4[4], v4[5])}`
		: address;
	const [left = [], right] = hex
		.split("::")
		.map((part) => (part === "" ? [] : part.split(":")));
	const gap = right ? 8 - left.length - right.length : 0;
	const words = [...left, ...Array(gap).fill("0"), ...(right ?? [])];
	return words.flatMap((word) => {
		const value = Number.parseInt(word, 16);
		return [value >> 8, value & 0xff];
	});
}

const pairOf = (high = "0", low = "0"): string =>
	(Number(high) * 256 + Number(low)).toString(16);
