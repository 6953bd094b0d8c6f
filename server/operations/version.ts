/**
 * The version of this server, from `package.json`. The executable contains it.
 *
 * Not the version of the protocol, which clients negotiate.
 */
import { version } from "../../package.json" with { type: "json" };

export { version };
/** The response header that carries the version. */
export const versionHeader = "Chat-Stream-Version";
