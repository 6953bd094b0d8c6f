/**
 * A folder of Markdown pages and its index. Each question compares the dates and sizes of the files
 * and reads what changed. It uses no watcher, because network drives and containers report no
 * changes.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type MarkdownPage, readPage } from "./parse.ts";
import { PageIndex } from "./search-index.ts";

/** Larger files are ignored, bytes. */
const maxPageBytes = 2_000_000;
const maxPages = 5_000;

type Known = { stamp: string; page: MarkdownPage };

export class PagesFolder {
	readonly #folder: string;
	#known = new Map<string, Known>();
	#index: PageIndex | undefined;
	#looking: Promise<PageIndex> | undefined;
	#closed = false;

	/** @throws {Error} if the folder is missing or holds no page. */
	static async open(folder: string): Promise<PagesFolder> {
		const opened = new PagesFolder(folder);
		const found = await stat(opened.#folder).catch(() => undefined);
		if (!found?.isDirectory())
			throw new Error(
				`Expected CHAT_PAGES to be a folder of Markdown pages; there is no folder ${folder}.`,
			);
		const { pages } = await opened.index();
		if (pages.length > 0) return opened;
		throw new Error(
			`Expected CHAT_PAGES to be a folder of Markdown pages; ${folder} holds no .md file with text in it.`,
		);
	}

	private constructor(folder: string) {
		this.#folder = resolve(folder);
	}

	/** The index of the current pages. Questions at the same time share one look. */
	index(): Promise<PageIndex> {
		this.#looking ??= this.#look().finally(() => {
			this.#looking = undefined;
		});
		return this.#looking;
	}

	close() {
		this.#closed = true;
		this.#index?.close();
	}

	async #look(): Promise<PageIndex> {
		const paths = await pathsIn(this.#folder);
		// If the folder is unavailable for a while, the old index serves.
		if (!paths && this.#index) return this.#index;
		const known = new Map<string, Known>();
		let changed = false;
		for (const path of paths ?? []) {
			const before = this.#known.get(path);
			const now = await this.#read(path, before);
			if (now) known.set(path, now);
			if (now !== before) changed = true;
		}
		changed ||= known.size !== this.#known.size;
		if (this.#index && !changed) return this.#index;
		this.#known = known;
		const place = ({ order }: MarkdownPage) => order ?? Number.MAX_SAFE_INTEGER;
		const index = new PageIndex(
			[...known.values()]
				.map(({ page }) => page)
				.filter(({ passages }) => passages.length > 0)
				.sort((one, other) => place(one) - place(other)),
		);
		this.#index?.close();
		this.#index = index;
		if (this.#closed) index.close();
		return index;
	}

	async #read(
		path: string,
		before: Known | undefined,
	): Promise<Known | undefined> {
		const file = join(this.#folder, path);
		try {
			const found = await stat(file);
			const { size, mtimeMs, ctimeMs, ino } = found;
			if (size > maxPageBytes || !found.isFile()) return undefined;
			const stamp = [size, mtimeMs, ctimeMs, ino].join(" ");
			if (before?.stamp === stamp) return before;
			return { stamp, page: readPage(path, await readFile(file, "utf8")) };
		} catch {
			// Deleted since the list was read.
			return undefined;
		}
	}
}

/** The paths of the pages, the page of a folder first. `undefined` if the folder is unavailable. */
async function pathsIn(folder: string): Promise<string[] | undefined> {
	const paths: string[] = [];
	// Links to folders are not followed: they may form a circle.
	const walk = async (inside: string): Promise<void> => {
		const entries = await readdir(join(folder, inside), {
			withFileTypes: true,
		});
		for (const entry of entries) {
			const { name } = entry;
			if (name.startsWith(".") || name === "node_modules") continue;
			const path = inside === "" ? name : `${inside}/${name}`;
			if (entry.isDirectory()) await walk(path).catch(ignoreGone);
			// Mounted folders often hold links to their files.
			else if (/\.(md|markdown)$/i.test(name)) paths.push(path);
		}
	};
	try {
		await walk("");
	} catch {
		// Missing or not readable: the caller keeps its index.
		return undefined;
	}
	return paths.sort(byPlace).slice(0, maxPages);
}

/** A folder that was removed meanwhile has no pages. */
const ignoreGone = () => undefined;

function byPlace(one: string, other: string): number {
	const key = (path: string) =>
		path.toLowerCase().replace(/(^|\/)(index|readme)\.[^./]+$/, "$1");
	return key(one) < key(other) ? -1 : 1;
}
