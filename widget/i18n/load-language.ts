/**
 * Fetches a table of words: `de` for German. English is built in.
 *
 * The builds put another file in this one's place, which imports from where the script came from, or
 * from the element's server.
 */
import type { Words } from "./strings.ts";

export const loadLanguage = (
	code: string,
	_server: string,
): Promise<{ default: Words }> => import(`./languages/${code}.ts`);
