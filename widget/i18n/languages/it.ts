/** The strings in Italian. */
import type { Words } from "../strings.ts";

export default {
	heading: "Chat",
	placeholder: "Scrivi un messaggio…",
	greeting: "Come posso aiutarti?",
	suggestions: "Domande suggerite",
	transcript: "Conversazione",
	composer: "Messaggio",
	send: "Invia",
	stop: "Ferma la risposta",
	you: (time) => `Tu, ${time}`,
	assistant: (time) => `Assistente, ${time}`,
	answerTo: (question) => `In risposta a: ${question}`,

	open: "Apri la chat",
	openUnread: (count) =>
		`Apri la chat, ${count} ${count === 1 ? "nuovo messaggio" : "nuovi messaggi"}`,
	close: "Chiudi la chat",

	sending: "Invio…",
	sendingIn: (seconds) => `Nuovo invio tra ${seconds}\u00a0s.`,
	notSent: "Non inviato.",
	tryAgain: "Riprova",
	edit: "Modifica",
	tooLong: (limit, over) =>
		`Ci sono ${over} caratteri oltre il limite di ${limit}. Accorcia il testo.`,
	left: (count) => (count < 0 ? `${-count} di troppo` : `ne restano ${count}`),

	answering: "L’assistente sta rispondendo.",
	finished: "Risposta terminata.",
	stopped: "Interrotta",
	cutShort: "La risposta ha raggiunto la lunghezza massima.",
	filtered: "Il resto di questa risposta è stato trattenuto.",
	continue: "Continua",
	continued: "Ripresa dopo un’interruzione",
	answerAnew: "Rispondi di nuovo",
	copy: "Copia",
	copied: "Copiato",
	notCopied: "Questa pagina non permette alla chat di copiare.",
	good: "Buona risposta",
	bad: "Cattiva risposta",
	sources: "Fonti",
	newTab: "si apre in una nuova scheda",
	codeBlock: (lines, language) =>
		`Blocco di codice, ${language ? `${language}, ` : ""}${lines} ${lines === 1 ? "riga" : "righe"}.`,
	code: (language) => (language ? `Codice, ${language}` : "Codice"),
	table: "Tabella",
	unformatted:
		"È troppo lungo da formattare. Il resto è mostrato come testo semplice.",
	done: "Fatto",
	toDo: "Da fare",

	newMessages: "Nuovi messaggi",
	latest: "Vai all’ultimo messaggio",

	connecting: "Connessione…",
	reconnecting: "Connessione persa. Riconnessione…",
	reconnectingIn: (seconds) =>
		`Connessione persa. Prossimo tentativo tra ${seconds}\u00a0s.`,
	offline: "Sei offline. Ciò che scrivi viene conservato e inviato più tardi.",
	forbiddenByPage:
		"Questa pagina non permette alla chat di raggiungere il suo server.",
	connectedAgain: "Di nuovo connesso.",
	tryNow: "Prova ora",
	newConversation: "Nuova conversazione",
	leaveConversation: "Iniziare una nuova conversazione?",
	cancel: "Annulla",

	refusals: {
		rate_limited: "È stato raggiunto il limite di messaggi.",
		provider_timeout: "L’assistente non ha risposto in tempo.",
		provider_failed: "L’assistente non può rispondere in questo momento.",
		interrupted: "La risposta è stata interrotta.",
		unauthorized: "L’accesso a questa chat manca o è scaduto.",
		forbidden: "Questa chat non è consentita qui.",
		not_found: "Questa conversazione non esiste più.",
		conflict: "È in corso un’altra azione. Riprova fra poco.",
		outdated: "Questa pagina non è aggiornata. Ricaricala.",
		unavailable:
			"La chat non è disponibile in questo momento. Riprova fra poco.",
		too_large: "Il messaggio è troppo lungo.",
	},
} satisfies Words;
