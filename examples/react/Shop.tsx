/** A page with a floating chat: it opens the chat, gives it context and shows the last answer. */
import "chat-stream";
import type { ChatStream } from "chat-stream";
import type {} from "chat-stream/react";
import { useRef, useState } from "react";

const questions = ["When are you open?", "What does shipping cost?"];

export function Shop() {
	const chat = useRef<ChatStream>(null);
	const [answer, setAnswer] = useState("");
	return (
		<main>
			<h1>Acme Bikes</h1>
			<button type="button" onClick={() => chat.current?.show()}>
				Ask a question
			</button>
			<output>{answer}</output>
			<chat-stream
				ref={chat}
				src="http://localhost:8787/chat"
				mode="floating"
				suggestions={questions.join("|")}
				context={() => ({ page: "shop" })}
				onchat-message={({ message }) => setAnswer(message.text)}
			/>
		</main>
	);
}
