/**
 * Builds the widget: `dist/chat-stream.js`, a classic script; what it fetches later, the Markdown
 * renderer, the words of another language, where WebSockets are in trouble the HTTP transports, and
 * what a page asks for (colours in code, formulas); and `dist/chat-stream.module.js`, which holds all
 * but the languages and the latter.
 */
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type BuildEnvironmentOptions, defineConfig, type Plugin } from "vite";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const tag = "chat-stream";

/**
 * A page that names its Trusted Types policies can name ours, and one that uses Lit itself keeps
 * "lit-html", which no page may create twice.
 */
const ownPolicy: Plugin = {
	name: "own-trusted-types-policy",
	applyToEnvironment: ({ name }) => name === "client" || name === "module",
	renderChunk(code) {
		const renamed = code.replaceAll(
			/createPolicy\((["'`])lit-html\1/g,
			`createPolicy("${tag}"`,
		);
		const count = renamed.split(`createPolicy("${tag}"`).length - 1;
		if (count !== 1)
			this.error(`Expected one Trusted Types policy of Lit; found ${count}.`);
		return { code: renamed, map: null };
	},
};

/** Space between tags is for those who read the source. Text that counts is not in templates. */
const slimTemplates: Plugin = {
	name: "slim-templates",
	transform: {
		filter: { id: /\/widget\/(?:[\w-]+\/)?[\w-]+\.ts$/ },
		handler(code, id) {
			const isStyle = id.endsWith("styles.ts");
			if (!isStyle && !/html`/.test(code)) return;
			const slim = isStyle
				? code.replaceAll(/css`[^`]*`/g, (css) =>
						css
							.replaceAll(/\/\*[\s\S]*?\*\//g, "")
							.replaceAll(/\s+/g, " ")
							.replaceAll(/\s*([{};,])\s*/g, "$1")
							.replaceAll(/(?<=[{;][\w-]+):\s+/g, ":")
							.replaceAll(/ (?=!important)|(?<![\d.])0(?=\.\d)/g, "")
							.replaceAll(" > ", ">")
							.replaceAll(";}", "}"),
					)
				: code
						.replaceAll(/>\n\s+(?=[<$])/g, ">")
						.replaceAll(/(?<=})\n\s+</g, "<");
			return { code: slim, map: null };
		},
	},
};

/** What the socket's library brings along for browsers of its time, as browsers have it now. */
const builtIn = {
	extendStatics: "",
	__extends: `
		Object.setPrototypeOf(d, b);
		Object.setPrototypeOf(d.prototype, b.prototype);`,
};

/** Properties and methods of the library's class that neither it nor websocket.ts uses. */
const unused =
	/^ {4}(?:Object\.defineProperty\()?ReconnectingWebSocket\.prototype(?:, "|\.)(?:addEventListener|binaryType|bufferedAmount|_debug|dispatchEvent|extensions|protocol|readyState|reconnect|removeEventListener|retryCount|send|url)\b[\s\S]*?^ {4}\}\)?;$/gm;

/**
 * Exported classes keep their names, which a page's console and its error reports show. Only `Chat…` and
 * `Client…` are public.
 */
const readableNames: Plugin = {
	name: "readable-names",
	transform: {
		filter: { id: /\/(?:widget|protocol)\/[\w-]+\/?[\w-]+\.ts$/ },
		handler: (code) => ({
			code: code.replaceAll(
				/^export class ((?:Chat|Client)(?!Attributes)\w+)[^{]*\{/gm,
				'$&static name = "$1";',
			),
			map: null,
		}),
	},
};

/** The library without debug output and unused members. */
const slimSocket: Plugin = {
	name: "slim-socket",
	transform: {
		filter: { id: /\/reconnecting-websocket\// },
		handler(code) {
			let slim = code
				.replaceAll(/^\s*_?this\._debug\(.*\);$/gm, "")
				.replaceAll(unused, "");
			for (const [name, body] of Object.entries(builtIn)) {
				const old = new RegExp(
					`^(var ${name} = function|function ${name})(\\(.*?\\)) \\{[^]*?^\\}`,
					"m",
				);
				if (!old.test(slim))
					this.error(`Expected ${name} in the socket's library.`);
				slim = slim.replace(old, body && `function ${name}$2 {${body}}`);
			}
			return { code: slim, map: null };
		},
	},
};

/** What a page asks for is fetched by whatever asks: the part with the renderer, or the module. */
const extra = /^(highlight|math)$/;
/** Stands for `import` until the build has done with those it knows: it would wrap them up. */
const plainImport = "importAsItIs";

/**
 * The classic script is one file: what it fetches later comes from where it came from. The address
 * bears the version, so that no cache mixes two of them.
 */
const fetchLater: Plugin = {
	name: "fetch-later",
	load: {
		filter: { id: /\/load-\w+\.ts$/ },
		handler(id) {
			const isModule = this.environment.name === "module";
			const [, part = ""] = id.match(/load-(\w+)\.ts$/) ?? [];
			const name = `load${part[0]?.toUpperCase()}${part.slice(1)}`;
			const file = `${tag}.${part}.js${isModule ? "" : `?${version}`}`;
			if (extra.test(part))
				return `export const ${name} = () => ${plainImport}("./${file}");`;
			const register = JSON.stringify(resolve("widget/register.ts"));
			// A bundler would take all languages in; they come from the server, one at a time.
			if (part === "language")
				return `
					import { script } from ${register};
					export const loadLanguage = (code, server) =>
						import(/* @vite-ignore */ new URL("/${tag}." + code + ".js?${version}", script.address ?? server).href);
				`;
			if (isModule) return;
			return `
				import { script } from ${register};
				export const ${name} = () =>
					import(/* @vite-ignore */ new URL("${file}", script.address).href);
			`;
		},
	},
	renderChunk: (code) => ({
		code: code.replaceAll(plainImport, "import"),
		map: null,
	}),
};

/** The classic script asks first whether the element is there: a second copy is not evaluated. */
const guard = `customElements.get("${tag}")?customElements.get("${tag}").version!=="${version}"&&console.warn("<${tag}> "+customElements.get("${tag}").version+" is here already; ${version} was not loaded."):`;

/** What Lit's build for servers extends where there is no DOM; with one, it takes the page's. */
const noDom: Plugin = {
	name: "no-dom",
	enforce: "pre",
	resolveId: (id) => (id === "@lit-labs/ssr-dom-shim" ? `\0${id}` : undefined),
	load: (id) =>
		id === "\0@lit-labs/ssr-dom-shim"
			? "export const HTMLElement = class {}; export const customElements = { define() {}, get() {} };"
			: undefined,
};

/** What asks to be named wherever it goes stands beside the script that holds it. */
const noticesOf = (fileName: string) =>
	/\.(http|markdown|\[name\])\./.test(fileName)
		? false // Ours alone.
		: { fileName: fileName.replace(/js$/, "licenses.md") };

/** Whoever imports the module by its place has its types beside it. */
const typesBeside: Plugin = {
	name: "types-beside",
	applyToEnvironment: ({ name }) => name === "module",
	generateBundle() {
		for (const fileName of readdirSync("widget/types"))
			this.emitFile({
				type: "asset",
				fileName,
				source: readFileSync(`widget/types/${fileName}`, "utf8"),
			});
	},
};

const buildOf = (
	entry: string,
	fileName: string,
	format: "iife" | "es",
	banner?: string,
): BuildEnvironmentOptions => ({
	emptyOutDir: false,
	target: "es2022",
	minify: "oxc",
	sourcemap: true,
	copyPublicDir: false,
	license: noticesOf(fileName),
	lib: {
		entry,
		formats: [format],
		name: "chatStream",
		fileName: () => fileName,
	},
	rolldownOptions: {
		// No getter that the widget reads has an effect that it relies on.
		treeshake: { propertyReadSideEffects: false },
		optimization: { inlineConst: { mode: "all", pass: 3 } },
		output: {
			// Constants stay so, and the minifier puts them where they are used.
			topLevelVar: false,
			codeSplitting: false,
			...(banner && { postBanner: banner }),
		},
	},
});

/** What the script fetches later: like an application's, for a library's modules keep their spaces. */
const partOf = (entry: string, fileName: string) => partsOf([entry], fileName);

const partsOf = (
	entries: string[],
	fileName: string,
): BuildEnvironmentOptions => ({
	emptyOutDir: false,
	target: "es2022",
	minify: "oxc",
	sourcemap: true,
	copyPublicDir: false,
	license: noticesOf(fileName),
	modulePreload: false,
	rolldownOptions: {
		input: entries,
		preserveEntrySignatures: "strict",
		output: {
			format: "es",
			topLevelVar: false,
			// Several entries share nothing.
			...(entries.length === 1 && { codeSplitting: false }),
			entryFileNames: fileName,
		},
	},
});

export default defineConfig({
	define: { __VERSION__: JSON.stringify(version) },
	plugins: [
		typesBeside,
		slimTemplates,
		slimSocket,
		readableNames,
		ownPolicy,
		fetchLater,
		noDom,
	],
	environments: {
		client: {
			build: buildOf("widget/index.ts", `${tag}.js`, "iife", guard),
		},
		http: {
			consumer: "client",
			build: partOf("widget/transport/http-transports.ts", `${tag}.http.js`),
		},
		markdown: {
			consumer: "client",
			build: partOf("widget/answer/answer.ts", `${tag}.markdown.js`),
		},
		languages: {
			consumer: "client",
			build: partsOf(
				readdirSync("widget/i18n/languages").map(
					(name) => `widget/i18n/languages/${name}`,
				),
				`${tag}.[name].js`,
			),
		},
		highlight: {
			consumer: "client",
			build: partOf("widget/answer/highlight/part.ts", `${tag}.highlight.js`),
		},
		math: {
			consumer: "client",
			build: partOf("widget/answer/math/part.ts", `${tag}.math.js`),
		},
		module: {
			consumer: "client",
			resolve: { conditions: ["node", "module", "production"] },
			build: buildOf("widget/module.ts", `${tag}.module.js`, "es"),
		},
	},
	builder: {
		async buildApp({ build, environments }) {
			for (const environment of Object.values(environments))
				if (environment.name !== "ssr") await build(environment);
		},
	},
});
