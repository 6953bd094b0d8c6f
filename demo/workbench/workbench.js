/**
 * The workbench: settings in, a page with the chat and the snippet out.
 *
 * Every attribute of the element has a row in the tables below; a test compares them with the element.
 * Custom properties are those that no attribute sets.
 */
const pages = {
	light: "Light page",
	dark: "Dark page",
	hostile: "Hostile page",
	phone: "Phone",
};

const networks = {
	whole: ["Normal", (network) => setDelay(network, 0)],
	slow: ["Slow", (network) => setDelay(network, 1_500)],
	cut: ["Cut", (network) => network.cut()],
};

/** `choose` lists the values, `boolean` has none; all others are text. */
const attributes = {
	mode: { choose: ["inline", "floating"] },
	position: {
		choose: ["bottom-right", "bottom-left", "top-right", "top-left"],
	},
	open: { boolean: true },
	heading: { example: "Ask us" },
	placeholder: { example: "Ask about gears…" },
	greeting: { example: "Hello! What brings you here?" },
	suggestions: { example: "Can I use Ollama? | Does it set cookies?" },
	theme: { choose: ["auto", "light", "dark"] },
	accent: { type: "color" },
	radius: { example: "8px" },
	density: { choose: ["comfortable", "compact"] },
	font: { example: "Georgia, serif" },
	avatar: { example: "/favicon.svg" },
	transport: { choose: ["auto", "websocket", "stream", "poll"] },
	lang: { choose: "en ar de es fr he hi it ja ko nl pl pt tr zh".split(" ") },
	highlight: { boolean: true },
	math: { boolean: true },
	debug: { boolean: true },
	"image-hosts": { example: "images.example.com" },
	src: { example: "https://chat.example.com/chat" },
};

/** Six brands, each by a few attributes. */
const brands = {
	Workshop: { accent: "#0a7d55", radius: "10px" },
	Furniture: { accent: "#0058a3", radius: "2px" },
	Fashion: { accent: "#b1005a", radius: "0px", density: "compact" },
	Music: { accent: "#1db954", radius: "22px", theme: "dark" },
	Playground: { accent: "#f07800", radius: "26px" },
	Law: { accent: "#1a1a1a", radius: "4px", font: "Georgia, serif" },
};

const properties = {
	"--chat-background": "color",
	"--chat-text": "color",
	"--chat-bubble": "color",
	"--chat-font-size": "text",
	"--chat-width": "text",
	"--chat-height": "text",
};

const byId = (id) => document.getElementById(id);
const form = document.querySelector("form");
const stage = byId("stage");
const frame = document.querySelector("iframe");
/** The current settings: attributes and custom properties by name, page and network. */
const chosen = {
	page: "light",
	network: "whole",
	attributes: {},
	properties: {},
};

function setDelay(network, delayMs) {
	network.delayMs = delayMs;
	if (network.isCut) network.mend();
}

function make(tag, values = {}, ...children) {
	const element = Object.assign(document.createElement(tag), values);
	element.append(...children);
	return element;
}

function choices(place, names, key, choose) {
	for (const [value, name] of Object.entries(names)) {
		const button = make("button", { type: "button" }, name);
		button.addEventListener("click", () => {
			chosen[key] = value;
			press();
			choose(value);
		});
		const press = () => {
			for (const each of place.children)
				each.ariaPressed = String(each.dataset.value === chosen[key]);
		};
		button.dataset.value = value;
		place.append(button);
		press();
	}
}

function inputFor(name, { choose, boolean, example, type }) {
	if (choose)
		return make(
			"select",
			{ name },
			new Option("", ""),
			...choose.map((value) => new Option(value)),
		);
	if (boolean) return make("input", { name, type: "checkbox" });
	if (name === "suggestions")
		return make("textarea", { name, placeholder: example });
	return make("input", {
		name,
		type: type ?? "text",
		placeholder: example ?? "",
	});
}

function row(place, name, options, set) {
	const input = inputFor(name, options);
	input.addEventListener("input", () => {
		set(
			options.boolean
				? input.checked
					? ""
					: undefined
				: input.value || undefined,
		);
		show();
	});
	place.append(make("label", {}, make("span", {}, name), input));
}

for (const [name, options] of Object.entries(attributes))
	row(byId("attributes"), name, options, (value) => {
		chosen.attributes[name] = value;
	});
for (const [name, type] of Object.entries(properties))
	row(byId("properties"), name, { type }, (value) => {
		chosen.properties[name] = value;
	});
for (const [name, values] of Object.entries(brands)) {
	const button = make("button", { type: "button" }, name);
	button.addEventListener("click", () => {
		form.reset();
		for (const [attribute, value] of Object.entries(values))
			form.elements.namedItem(attribute).value = value;
		// The reset loads the stage, in a microtask.
		Object.assign(chosen.attributes, values);
	});
	byId("brands").append(button);
}
choices(byId("pages"), pages, "page", load);
choices(
	byId("networks"),
	Object.fromEntries(
		Object.entries(networks).map(([value, [name]]) => [value, name]),
	),
	"network",
	() => networks[chosen.network][1](frame.contentWindow.network),
);
form.addEventListener("reset", () => {
	Object.assign(chosen, { attributes: {}, properties: {} });
	// The form keeps its old values until after this event.
	queueMicrotask(load);
});

byId("copy").addEventListener("click", async ({ target }) => {
	await navigator.clipboard.writeText(snippet());
	target.textContent = "Copied";
	setTimeout(() => {
		target.textContent = "Copy";
	}, 2_000);
});

const events = [
	"chat-send",
	"chat-message",
	"chat-connection",
	"chat-feedback",
	"chat-open",
	"chat-close",
	"chat-error",
	"chat-integrity",
];

/** Loads a fresh page on the stage; its element gets the settings. */
function load() {
	stage.dataset.ground = chosen.page;
	frame.src = `stage.html?${chosen.page}`;
}

frame.addEventListener("load", () => {
	const { contentDocument: page, contentWindow } = frame;
	if (!contentWindow.network) return;
	page.documentElement.dataset.ground = chosen.page;
	const chat = page.createElement("chat-stream");
	for (const type of events)
		chat.addEventListener(type, (event) => note(type, event));
	page.querySelector("h1").after(chat);
	networks[chosen.network][1](contentWindow.network);
	show();
});

/** Sets the settings on the element and shows them as HTML. */
function show() {
	const chat = frame.contentDocument.querySelector("chat-stream");
	byId("snippet").textContent = snippet();
	if (!chat) return;
	for (const name of Object.keys(attributes)) {
		const value = chosen.attributes[name];
		if (value === undefined) chat.removeAttribute(name);
		else if (chat.getAttribute(name) !== value) chat.setAttribute(name, value);
	}
	for (const name of Object.keys(properties))
		chat.style.setProperty(name, chosen.properties[name] ?? "");
}

function snippet() {
	const quoted = (value) =>
		value.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
	const set = (of) =>
		Object.entries(of).filter(([, value]) => value !== undefined);
	const named = set(chosen.attributes).map(([name, value]) =>
		value === "" ? `\n\t${name}` : `\n\t${name}="${quoted(value)}"`,
	);
	const styles = set(chosen.properties).map(
		([name, value]) => `\n\t${name}: ${value};`,
	);
	const open =
		named.length > 0 ? `<chat-stream${named.join("")}\n>` : "<chat-stream>";
	return [
		`<script src="${location.origin}/chat-stream.js" async></script>`,
		...(styles.length > 0
			? [`<style>\nchat-stream {${styles.join("")}\n}\n</style>`]
			: []),
		`${open}</chat-stream>`,
	].join("\n");
}

const maxNotes = 200;

function note(type, event) {
	const { connection, message, text, code } = event;
	const about = connection
		? [connection.state, connection.transport].filter(Boolean).join(", ")
		: (text ?? code ?? message?.text ?? message ?? "");
	const log = byId("events");
	log.append(make("p", {}, `${type} ${String(about).slice(0, 120)}`));
	if (log.children.length > maxNotes) log.firstElementChild.remove();
	log.scrollTop = log.scrollHeight;
	if (connection) byId("state").textContent = `Connection: ${about}.`;
}

load();
