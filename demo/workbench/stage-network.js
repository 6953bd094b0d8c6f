/**
 * A network that can be cut and slowed down. It replaces `WebSocket` and `fetch` of the stage's page
 * before the chat is loaded; the workbench controls it as `window.network`.
 */
const { WebSocket: Socket, fetch: request } = window;
const sockets = new Set();

window.network = {
	isCut: false,
	/** Delay of every frame and every request, ms. */
	delayMs: 0,
	cut() {
		this.isCut = true;
		for (const socket of sockets) socket.close();
		dispatchEvent(new Event("offline"));
	},
	mend() {
		this.isCut = false;
		dispatchEvent(new Event("online"));
	},
};

window.WebSocket = class extends Socket {
	constructor(...all) {
		if (window.network.isCut) throw new TypeError("The network is cut.");
		super(...all);
		sockets.add(this);
		this.addEventListener("close", () => sockets.delete(this));
	}

	send(frame) {
		later(() => this.readyState === Socket.OPEN && super.send(frame));
	}

	addEventListener(type, listener, ...rest) {
		const late =
			type === "message" ? (event) => later(() => listener(event)) : listener;
		super.addEventListener(type, late, ...rest);
	}
};

window.fetch = async (...all) => {
	if (window.network.isCut) throw new TypeError("The network is cut.");
	await new Promise((resolve) => later(resolve));
	return request(...all);
};

/** In order, also after the delay was changed. */
let due = 0;
function later(work) {
	due = Math.max(due, performance.now() + window.network.delayMs);
	const wait = due - performance.now();
	if (wait > 0) setTimeout(work, wait);
	else work();
}
