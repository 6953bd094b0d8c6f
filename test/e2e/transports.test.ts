/** Every transport over every store, with the tests of test/conformance/transport.ts. */
import { join } from "node:path";
import { memoryStore } from "../../server/store/memory.ts";
import { sqliteStore } from "../../server/store/sqlite/sqlite-store.ts";
import { transportConformance } from "../conformance/transport.ts";
import { tempFolder } from "../support/server.ts";

let files = 0;
const stores = {
	memory: (now: () => number) => memoryStore({ now }),
	sqlite: (now: () => number) =>
		sqliteStore(join(tempFolder(), `${++files}.db`), { now }),
};

for (const [name, makeStore] of Object.entries(stores))
	for (const transport of ["websocket", "stream", "poll"] as const)
		transportConformance(name, transport, makeStore);
