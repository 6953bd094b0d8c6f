/** The declared server types are assignable to those of the source, and the reverse. */

import type * as declared from "chat-stream/server";
import type * as source from "../../server/module.ts";

export const declaredIsSource = (
	provider: declared.Provider,
	request: declared.ReplyRequest,
	config: declared.ConfigFile,
): [source.Provider, source.ReplyRequest, source.ConfigFile] => [
	provider,
	request,
	config,
];

export const sourceIsDeclared = (
	provider: source.Provider,
	request: source.ReplyRequest,
	config: source.ConfigFile,
): [declared.Provider, declared.ReplyRequest, declared.ConfigFile] => [
	provider,
	request,
	config,
];

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
/** All settings are optional, so assignment does not find a missing one. */
export const settings: Same<
	keyof source.ConfigFile,
	keyof declared.ConfigFile
> = true;
export const fields: Same<
	keyof source.ReplyRequest,
	keyof declared.ReplyRequest
> = true;
