/**
 * `npm run compile`: the whole server as one executable, `dist/chat-stream`.
 *
 * It contains Bun, the scripts, the demo site and its pages. An argument such as `bun-linux-arm64`
 * compiles for another platform.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const dist = join(root, "dist");
const outfile = process.env.OUTFILE ?? join(dist, "chat-stream");

const filesOf = (pattern: string) => [
	...new Bun.Glob(pattern).scanSync({ cwd: root }),
];
const embedded = [
	...filesOf("dist/*.js"),
	...filesOf("demo/**/*").filter((name) => !name.endsWith(".ts")),
];

// An import as a file is how a file gets into an executable, and there it keeps its path.
const entry = join(dist, "compile/entry.ts");
mkdirSync(join(dist, "compile"), { recursive: true });
writeFileSync(
	entry,
	[
		...embedded.map((name) => `import "../../${name}" with { type: "file" };`),
		'import "../../server/cli/chat-stream.ts";\n',
	].join("\n"),
);

const [target] = process.argv.slice(2);
const compiled = Bun.spawnSync(
	[
		process.execPath,
		"build",
		entry,
		"--compile",
		// A module of the owner may import packages that lie beside it.
		"--compile-autoload-package-json",
		// A bunfig.toml in the working directory may belong to another project and preload its code.
		"--no-compile-autoload-bunfig",
		...(target ? [`--target=${target}`] : []),
		`--root=${root}`,
		"--asset-naming=[dir]/[name].[ext]",
		`--outfile=${outfile}`,
	],
	{ cwd: root, stdout: "inherit", stderr: "inherit" },
);
if (!compiled.success) process.exit(1);
console.log(`${outfile} contains ${embedded.length} files.`);
