/**
 * A line that can be cut and slowed, for the page on the stage: it stands between the chat and the
 * network, before the chat is loaded. The workbench turns `window.line`.
 */
const { WebSocket: Socket, fetch: request } = window;
const sockets = new Set();

window.line = {
	isCut: false,
	/** What every frame and every request waits, in ms. */
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
		if (window.line.isCut) throw new TypeError("The line is cut.");
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
	if (window.line.isCut) throw new TypeError("The line is cut.");
	await new Promise((resolve) => later(resolve));
	return request(...all);
};

/** In order: whatever came first is due first, also after the delay was changed. */
let due = 0;
function later(work) {
	due = Math.max(due, performance.now() + window.line.delayMs);
	const wait = due - performance.now();
	if (wait > 0) setTimeout(work, wait);
	else work();
}
