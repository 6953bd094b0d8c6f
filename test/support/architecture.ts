/**
 * Finds forbidden imports, import circles and long functions in the source.
 *
 * It works on texts, so that a test can break a rule in memory. It does not know the rules.
 */
import { dirname, join, relative } from "node:path";
import { API } from "typescript/unstable/async";

const root = join(import.meta.dir, "../..");

export type SourceFile = { path: string; text: string };

/** One row of the table of import rules. A file's own folder is always allowed. */
export type Rule = {
	/** Folders, files or packages. A folder does not include the folders in it. */
	may: readonly string[];
	/** What may be imported with `import type` only. */
	types?: readonly string[];
	why: string;
};

/** Folder or file → its rule. A file falls under the row of its own path, else of its folder. */
export type Rules = Readonly<Record<string, Rule>>;

type Import = { to: string; isType: boolean };

/** All source files of the project, without declaration files. */
export async function readSource(): Promise<SourceFile[]> {
	const paths = ["protocol", "server", "widget"].flatMap((folder) => [
		...new Bun.Glob(`${folder}/**/*.ts`).scanSync({ cwd: root }),
	]);
	return Promise.all(
		paths
			.filter((path) => !path.endsWith(".d.ts"))
			.sort()
			.map(async (path) => ({
				path,
				text: await Bun.file(join(root, path)).text(),
			})),
	);
}

/** The text without comments. `/*` in a string is kept, as is `//` after a colon: part of a URL. */
export const withoutComments = (text: string): string =>
	text.replaceAll(
		/("(?:\\.|[^"\\\n])*")|\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g,
		(_, string = "") => string,
	);

/** The imports of a file: statements, `export … from`, `import("…")` as a value or as a type. */
export function importsOf({ path, text }: SourceFile): Import[] {
	const code = withoutComments(text);
	const statements = code.matchAll(
		/^(?:import|export)\s(?:([^"';]*?)\sfrom\s)?"([^"]+)"/gm,
	);
	const calls = code.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g);
	const found = [
		...[...statements].map(([, names = "", specifier = ""]) => ({
			specifier,
			isType: /^type\b/.test(names) || hasOnlyTypes(names),
		})),
		...[...calls].map(([, specifier = ""]) => ({ specifier, isType: false })),
	];
	return found.map(({ specifier, isType }) => ({
		to: specifier.startsWith(".")
			? relative(root, join(root, dirname(path), specifier))
			: specifier,
		isType,
	}));
}

/** Whether every name in the braces has its own `type`. */
function hasOnlyTypes(names: string): boolean {
	const inside = /^\{([^}]*)\}$/.exec(names.trim())?.[1];
	if (!inside?.trim()) return false;
	return inside
		.split(",")
		.filter((name) => name.trim())
		.every((name) => name.trim().startsWith("type "));
}

/** Every import that its rule does not allow, as `file -> import`. */
export function violations(
	files: readonly SourceFile[],
	rules: Rules,
): string[] {
	return files.flatMap((file) => {
		const folder = dirname(file.path);
		const rule = rules[file.path] ?? rules[folder];
		if (!rule) return [`${file.path} -> no rule for its folder`];
		return importsOf(file)
			.filter(({ to }) => dirname(to) !== folder)
			.filter(
				({ to, isType }) =>
					!allows(rule.may, to) && !(isType && allows(rule.types ?? [], to)),
			)
			.map(({ to }) => `${file.path} -> ${to}`);
	});
}

function allows(allowed: readonly string[], to: string): boolean {
	if (/^(protocol|server|widget)\//.test(to))
		return allowed.includes(to) || allowed.includes(dirname(to));
	return allowed.some(
		(name) =>
			to === name || to.startsWith(name.endsWith(":") ? name : `${name}/`),
	);
}

/** A module is a folder of `server` or `widget` with its subfolders, or a file beside the folders. */
export const moduleOf = (path: string): string =>
	path.startsWith("protocol/")
		? "protocol"
		: path.split("/").slice(0, 2).join("/");

/** The imports between files, or between the nodes that `nodeOf` assigns files to. Without packages. */
export function graphOf(
	files: readonly SourceFile[],
	nodeOf = (path: string) => path,
): Map<string, Set<string>> {
	const own = new Set(files.map(({ path }) => path));
	const graph = new Map<string, Set<string>>();
	for (const file of files) {
		const node = nodeOf(file.path);
		const targets = graph.get(node) ?? new Set();
		graph.set(node, targets);
		for (const { to } of importsOf(file))
			if (own.has(to) && nodeOf(to) !== node) targets.add(nodeOf(to));
	}
	return graph;
}

/** The circles of a graph, each as `a -> b -> a`; one for each set of nodes that reach each other. */
export function circlesOf(graph: Map<string, Set<string>>): string[] {
	const circles: string[] = [];
	const done = new Set<string>();
	for (const start of [...graph.keys()].sort()) {
		if (done.has(start)) continue;
		const trail = wayBack(graph, start);
		if (!trail) continue;
		for (const node of trail) done.add(node);
		circles.push([...trail, start].join(" -> "));
	}
	return circles;
}

/** The shortest way from a node back to itself. */
function wayBack(
	graph: Map<string, Set<string>>,
	start: string,
): string[] | undefined {
	const trails = [[start]];
	const seen = new Set<string>();
	for (const trail of trails)
		for (const next of graph.get(trail.at(-1) ?? start) ?? []) {
			if (next === start) return trail;
			if (seen.has(next)) continue;
			seen.add(next);
			trails.push([...trail, next]);
		}
	return undefined;
}

/** The members of a syntax node that this file uses. */
type Node = {
	body?: unknown;
	parameters?: unknown;
	end: number;
	getStart(): number;
	forEachChild(visit: (child: Node) => void): unknown;
};

/** Functions with more than `most` lines, as `file: first line of the function (lines)`. */
export async function longFunctions(
	files: readonly SourceFile[],
	most: number,
): Promise<string[]> {
	const compiler = new API({ cwd: root });
	try {
		const snapshot = await compiler.updateSnapshot({
			openProjects: [join(root, "tsconfig.json")],
		});
		const [project] = snapshot.getProjects();
		const found: string[] = [];
		for (const { path } of files) {
			const source = await project?.program.getSourceFile(join(root, path));
			if (!source)
				throw new Error(`Expected ${path} in the program of tsconfig.json.`);
			const visit = (node: Node) => {
				node.forEachChild(visit);
				if (!node.body || !node.parameters) return;
				const lines = source.text.slice(node.getStart(), node.end).split("\n");
				if (lines.length > most)
					found.push(`${path}: ${lines[0]?.trim()} (${lines.length} lines)`);
			};
			visit(source as unknown as Node);
		}
		return found;
	} finally {
		await compiler.close();
	}
}
