/**
 * The little that the demo site does by script: starter questions, the state of the line, copying.
 *
 * Without it, or without the element, every page still reads and every link still leads somewhere.
 */
const chat = document.querySelector("chat-stream");
const tag = document.querySelector("#tag");

// The page is served by the very server that the visitor wants to embed.
if (tag)
	tag.textContent = tag.textContent.replace(
		"http://localhost:8787",
		location.origin,
	);

for (const button of document.querySelectorAll("[data-copy]")) {
	if (!navigator.clipboard) break;
	button.hidden = false;
	const name = button.textContent;
	button.addEventListener("click", async () => {
		const { textContent } = document.getElementById(button.dataset.copy);
		await navigator.clipboard.writeText(textContent);
		button.textContent = "Copied";
		setTimeout(() => {
			button.textContent = name;
		}, 2_000);
	});
}

// Links become questions as soon as there is somebody to ask.
customElements.whenDefined("chat-stream").then(() => {
	for (const link of document.querySelectorAll("[data-ask]")) {
		const button = document.createElement("button");
		button.type = "button";
		button.textContent = link.textContent;
		button.addEventListener("click", () => chat.send(button.textContent));
		link.replaceWith(button);
	}
});

const names = {
	websocket: "WebSocket",
	stream: "an HTTP stream",
	poll: "plain HTTP",
};
const line = document.querySelector("#line");
if (line)
	chat.addEventListener("chat-connection", ({ connection }) => {
		const { state, transport } = connection;
		const words = {
			ready: `Connected by ${names[transport]}`,
			connecting: "Connecting…",
			waiting: "Connection lost, coming back…",
			refused: "Not connected",
		}[state];
		line.textContent = words ?? "";
		line.parentElement.hidden = !words;
		line.parentElement.dataset.state = state;
	});
