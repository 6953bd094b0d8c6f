/**
 * The scripts of the demo site: starter questions, the connection state, copy buttons.
 *
 * Without this script, or without the element, every page and every link still works.
 */
const chat = document.querySelector("chat-stream");
const tag = document.querySelector("#tag");

// The server of this page is the server to embed.
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

// Links become question buttons once the element is defined.
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
const status = document.querySelector("#connection");
if (status)
	chat.addEventListener("chat-connection", ({ connection }) => {
		const { state, transport } = connection;
		const words = {
			ready: `Connected by ${names[transport]}`,
			connecting: "Connecting…",
			waiting: "Connection lost. Reconnecting…",
			refused: "Not connected",
		}[state];
		status.textContent = words ?? "";
		status.parentElement.hidden = !words;
		status.parentElement.dataset.state = state;
	});
