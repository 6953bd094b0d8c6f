/**
 * Loads the strings of a language, for example `de`. English is built in.
 *
 * The builds replace this file: theirs imports from the script's own address or the element's server.
 */
import type { Words } from "./strings.ts";

export const loadLanguage = (
	code: string,
	_server: string,
): Promise<{ default: Words }> => import(`./languages/${code}.ts`);
