/** The strings in German. */
import type { Words } from "../strings.ts";

export default {
	heading: "Chat",
	placeholder: "Nachricht schreiben…",
	greeting: "Wie kann ich helfen?",
	suggestions: "Vorgeschlagene Fragen",
	transcript: "Unterhaltung",
	composer: "Nachricht",
	send: "Senden",
	stop: "Antwort anhalten",
	you: (time) => `Sie, ${time}`,
	assistant: (time) => `Assistent, ${time}`,
	answerTo: (question) => `Antwort auf: ${question}`,

	open: "Chat öffnen",
	openUnread: (count) =>
		`Chat öffnen, ${count} neue ${count === 1 ? "Nachricht" : "Nachrichten"}`,
	close: "Chat schließen",

	sending: "Wird gesendet…",
	sendingIn: (seconds) => `Wird in ${seconds}\u00a0s erneut gesendet.`,
	notSent: "Nicht gesendet.",
	tryAgain: "Erneut versuchen",
	edit: "Bearbeiten",
	tooLong: (limit, over) =>
		`Das sind ${over} Zeichen mehr als die erlaubten ${limit}. Bitte kürzen.`,
	left: (count) => (count < 0 ? `${-count} zu viel` : `noch ${count}`),

	answering: "Der Assistent antwortet.",
	finished: "Antwort beendet.",
	stopped: "Angehalten",
	cutShort: "Die Antwort hat ihre größte Länge erreicht.",
	filtered: "Der Rest dieser Antwort wurde zurückgehalten.",
	continue: "Fortsetzen",
	continued: "Nach einer Unterbrechung fortgesetzt",
	answerAnew: "Neu antworten",
	copy: "Kopieren",
	copied: "Kopiert",
	notCopied: "Diese Seite lässt den Chat nicht kopieren.",
	good: "Gute Antwort",
	bad: "Schlechte Antwort",
	sources: "Quellen",
	newTab: "öffnet in neuem Tab",
	codeBlock: (lines, language) =>
		`Codeblock, ${language ? `${language}, ` : ""}${lines} ${lines === 1 ? "Zeile" : "Zeilen"}.`,
	code: (language) => (language ? `Code, ${language}` : "Code"),
	table: "Tabelle",
	unformatted:
		"Das ist zu lang zum Formatieren. Der Rest wird als einfacher Text angezeigt.",
	done: "Erledigt",
	toDo: "Offen",

	newMessages: "Neue Nachrichten",
	latest: "Zur neuesten Nachricht",

	connecting: "Verbindung wird aufgebaut…",
	reconnecting: "Verbindung verloren. Neuer Versuch…",
	reconnectingIn: (seconds) =>
		`Verbindung verloren. Nächster Versuch in ${seconds}\u00a0s.`,
	offline:
		"Sie sind offline. Ihre Nachrichten werden gespeichert und später gesendet.",
	forbiddenByPage: "Diese Seite lässt keine Verbindung zum Chat-Server zu.",
	connectedAgain: "Wieder verbunden.",
	tryNow: "Jetzt versuchen",
	newConversation: "Neue Unterhaltung",
	leaveConversation: "Neue Unterhaltung beginnen?",
	cancel: "Abbrechen",

	refusals: {
		rate_limited: "Das Limit für Nachrichten ist erreicht.",
		provider_timeout: "Der Assistent hat nicht rechtzeitig geantwortet.",
		provider_failed: "Der Assistent kann gerade nicht antworten.",
		interrupted: "Die Antwort wurde abgebrochen.",
		unauthorized: "Die Anmeldung für diesen Chat fehlt oder ist abgelaufen.",
		forbidden: "Dieser Chat ist hier nicht zugelassen.",
		not_found: "Diese Unterhaltung gibt es nicht mehr.",
		conflict:
			"Das passt nicht zu dem, was gerade geschieht. Bitte gleich noch einmal versuchen.",
		outdated: "Diese Seite ist veraltet. Bitte neu laden.",
		unavailable:
			"Der Chat ist gerade nicht verfügbar. Bitte gleich noch einmal versuchen.",
		too_large: "Die Nachricht ist zu lang.",
	},
} satisfies Words;
