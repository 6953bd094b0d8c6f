/**
 * Who is calling, as far as an address says: the key that limits per address count under.
 *
 * `server.ts` asks for every request under the base path. An address is the socket's own, or what a
 * proxy that the operator trusts has seen; what a caller says about itself never counts. Raw addresses
 * live here and in the memory of the limits, nowhere else.
 */
import { isIP } from "node:net";

export type Caller = {
	/** The address, IPv6 by its /64: who has one of those addresses has them all. */
	group: string;
	/** This machine itself, with no proxy in between: exempt from limits per address. */
	isLocal: boolean;
};

/** An address as 16 bytes; IPv4 as IPv6 maps it. */
type Bytes = readonly number[];
type Range = { bytes: Bytes; bits: number };

const mapped: Bytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** Makes the function that finds the caller of a request. */
export function callerFinder(trustedProxies: readonly string[]) {
	const trusted = trustedProxies.map(rangeOf).filter((range) => !!range);
	const isTrusted = (bytes: Bytes) =>
		trusted.some((range) => isWithin(bytes, range));

	/** Whether the peer of a socket is a proxy whose headers count. */
	function isProxy(peer: string | undefined): boolean {
		const bytes = bytesOf(peer ?? "");
		return bytes !== undefined && isTrusted(bytes);
	}

	/**
	 * From the right, each hop was written by the one after it: as long as those are trusted, so is
	 * what they say. A hop that is no address ends the walk at the proxy that let it through.
	 */
	function callerOf(
		peer: string | undefined,
		forwardedFor: string | null,
	): Caller {
		let bytes = bytesOf(peer ?? "");
		if (!bytes) return { group: "unknown", isLocal: false };
		const isForwarded = forwardedFor !== null && isTrusted(bytes);
		const hops = isForwarded ? forwardedFor.split(",") : [];
		while (isTrusted(bytes)) {
			const hop = bytesOf(hops.pop() ?? "");
			if (!hop) break;
			bytes = hop;
		}
		return {
			group: groupOf(bytes),
			isLocal: !isForwarded && isLoopback(bytes),
		};
	}

	return { isProxy, callerOf };
}

/** An address, or a network such as `10.0.0.0/8`; undefined for anything else. */
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

const isWithin = (bytes: Bytes, range: Range): boolean =>
	range.bytes.every((byte, i) => {
		const bits = Math.min(8, Math.max(0, range.bits - 8 * i));
		return (byte ^ (bytes[i] as number)) >> (8 - bits) === 0;
	});

const isV4 = (bytes: Bytes): boolean => mapped.every((b, i) => bytes[i] === b);

const isLoopback = (bytes: Bytes): boolean =>
	isV4(bytes)
		? bytes[12] === 127
		: bytes.every((byte, i) => byte === (i === 15 ? 1 : 0));

function groupOf(bytes: Bytes): string {
	if (isV4(bytes)) return bytes.slice(12).join(".");
	return `${Buffer.from(bytes.slice(0, 8)).toString("hex")}/64`;
}

/** With a port, in brackets, with a zone: however proxies write it. */
function bytesOf(text: string): Bytes | undefined {
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
