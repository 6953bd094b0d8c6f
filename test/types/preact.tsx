/** The element in JSX of Preact. */

import type { ChatStream } from "chat-stream";
import type {} from "chat-stream/preact";
import { useRef } from "preact/hooks";

export function Help() {
	const chat = useRef<ChatStream>(null);
	return (
		<chat-stream
			ref={chat}
			class="help"
			mode="floating"
			open
			highlight
			suggestions="How?|Why?"
			imageHosts={["a.example"]}
			image-hosts="a.example|b.example"
			getToken={async () => "token"}
			onchat-message={({ message }) =>
				console.log(message.text.length, chat.current?.connection.state)
			}
		>
			<small slot="footer">Answers may be wrong.</small>
		</chat-stream>
	);
}

// @ts-expect-error: unknown mode.
export const wrongMode = <chat-stream mode="popup" />;
export const wrongEvent = (
	<chat-stream
		// @ts-expect-error: this event has no message.
		onchat-send={(event) => event.message}
	/>
);
// @ts-expect-error: a boolean, not a word.
export const wrongOpen = <chat-stream mode="floating" open="yes" />;
