/** Which address counts as the client's. Numbers in names are rows of the security checklist. */
import { describe, expect, test } from "bun:test";
import { addressFinder } from "../../../../server/auth/client-address.ts";
import { rangeOf } from "../../../../server/auth/ip-ranges.ts";

const { addressOf, isProxy } = addressFinder(["10.0.0.0/8", "::1", "fd00::/8"]);
const groupOf = (peer: string, forwarded: string | null = null) =>
	addressOf(peer, forwarded).group;

describe("security 44: X-Forwarded-For counts from trusted proxies only, and from the right", () => {
	for (const [what, peer, header, group] of [
		["no header", "203.0.113.5", null, "203.0.113.5"],
		["a peer that is no proxy", "203.0.113.5", "198.51.100.1", "203.0.113.5"],
		["one hop", "10.0.0.1", "198.51.100.1", "198.51.100.1"],
		[
			"what the client wrote before it",
			"10.0.0.1",
			"127.0.0.1, 1.2.3.4, 198.51.100.1",
			"198.51.100.1",
		],
		[
			"two proxies",
			"10.0.0.1",
			"1.1.1.1, 198.51.100.1, 10.9.9.9",
			"198.51.100.1",
		],
		["nothing but proxies", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
		["an IPv6 proxy", "::1", "198.51.100.1", "198.51.100.1"],
		["a port", "10.0.0.1", "198.51.100.1:4711", "198.51.100.1"],
		["brackets", "10.0.0.1", "[2001:db8::1]:4711", "20010db800000000/64"],
		["a zone", "10.0.0.1", "fe80::1%eth0", "fe80000000000000/64"],
		["garbage", "10.0.0.1", "garbage", "10.0.0.1"],
		["garbage on the right", "10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"],
		[
			"garbage on the left",
			"10.0.0.1",
			"<script>, 198.51.100.1",
			"198.51.100.1",
		],
		["nothing in it", "10.0.0.1", "", "10.0.0.1"],
		["commas", "10.0.0.1", ",,,", "10.0.0.1"],
		["numbers too large", "10.0.0.1", "999.1.1.1", "10.0.0.1"],
		["other spellings", "10.0.0.1", "0x7f.1", "10.0.0.1"],
		["leading zeros", "10.0.0.1", "010.1.1.1", "10.0.0.1"],
		["a very long one", "10.0.0.1", "1.1.1.1,".repeat(5_000), "10.0.0.1"],
	] as const)
		test(what, () => expect(groupOf(peer, header)).toBe(group));
	test("a request without a peer address has a group of its own", () => {
		expect(addressOf(undefined, "1.2.3.4")).toEqual({
			group: "unknown",
			isLocal: false,
		});
	});
});

describe("security 45: one address has one key", () => {
	test("IPv6 addresses are grouped by /64", () => {
		const group = groupOf("2001:db8:1:2::1");
		expect(groupOf("2001:db8:1:2:ffff:ffff:ffff:ffff")).toBe(group);
		expect(groupOf("2001:0DB8:0001:0002::abcd")).toBe(group);
		expect(groupOf("2001:db8:1:3::1")).not.toBe(group);
	});
	test("IPv4 mapped into IPv6 is the same address", () => {
		for (const address of [
			"::ffff:1.2.3.4",
			"::FFFF:102:304",
			"::ffff:0102:0304",
		])
			expect(groupOf(address)).toBe("1.2.3.4");
		expect(isProxy("::ffff:10.1.2.3")).toBeTrue();
		expect(isProxy("::ffff:11.1.2.3")).toBeFalse();
	});
});

describe("localhost", () => {
	const local = (peer: string, header: string | null = null) =>
		addressOf(peer, header).isLocal;
	test("is 127.0.0.0/8 and ::1", () => {
		for (const peer of ["127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1", "::1"])
			expect(local(peer)).toBeTrue();
		for (const peer of ["128.0.0.1", "::2", "10.0.0.1", "::ffff:7f00:1:1"])
			expect(local(peer)).toBeFalse();
	});
	test("is never a client behind a proxy, whatever the header says", () => {
		expect(local("10.0.0.1", "127.0.0.1")).toBeFalse();
		expect(local("::1", "127.0.0.1")).toBeFalse();
		expect(local("::1", "garbage")).toBeFalse();
	});
});

test("a network is an address with a valid prefix length", () => {
	const isWithin = (range: string, address: string) =>
		addressFinder([range]).isProxy(address);
	expect(isWithin("192.168.4.0/22", "192.168.7.255")).toBeTrue();
	expect(isWithin("192.168.4.0/22", "192.168.8.0")).toBeFalse();
	expect(isWithin("0.0.0.0/0", "9.9.9.9")).toBeTrue();
	expect(isWithin("0.0.0.0/0", "2001:db8::1")).toBeFalse();
	expect(isWithin("2001:db8::/33", "2001:db8:7fff::1")).toBeTrue();
	expect(isWithin("2001:db8::/33", "2001:db8:8000::1")).toBeFalse();
	for (const wrong of [
		"",
		"x",
		"1.2.3.4/33",
		"::1/129",
		"1.2.3.4/",
		"1.2.3.4/8/8",
		"1.2.3/8",
		"1.2.3.4/-1",
	])
		expect([wrong, rangeOf(wrong)]).toEqual([wrong, undefined]);
});

test("an IPv6 address is in its /64 network, and in the /48 network around it", () => {
	const { addressOf } = addressFinder([]);
	const one = addressOf("2001:db8:1:2::1", null);
	const neighbour = addressOf("2001:db8:1:3::1", null);
	expect(one.group).not.toBe(neighbour.group);
	expect(one.wider).toBe(neighbour.wider);
	expect(one.wider).not.toBe(addressOf("2001:db8:2:2::1", null).wider);
	expect(addressOf("192.0.2.1", null).wider).toBeUndefined();
});
