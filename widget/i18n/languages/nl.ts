/** The strings in Dutch. */
import type { Words } from "../strings.ts";

export default {
	heading: "Chat",
	placeholder: "Typ een bericht…",
	greeting: "Hoe kan ik helpen?",
	suggestions: "Voorgestelde vragen",
	transcript: "Gesprek",
	composer: "Bericht",
	send: "Versturen",
	stop: "Antwoord stoppen",
	you: (time) => `U, ${time}`,
	assistant: (time) => `Assistent, ${time}`,
	answerTo: (question) => `Antwoord op: ${question}`,

	open: "Chat openen",
	openUnread: (count) =>
		`Chat openen, ${count} ${count === 1 ? "nieuw bericht" : "nieuwe berichten"}`,
	close: "Chat sluiten",

	sending: "Wordt verstuurd…",
	sendingIn: (seconds) => `Wordt over ${seconds}\u00a0s opnieuw verstuurd.`,
	notSent: "Niet verstuurd.",
	tryAgain: "Opnieuw proberen",
	edit: "Bewerken",
	tooLong: (limit, over) =>
		`Dat is ${over} tekens boven de grens van ${limit}. Maak het korter.`,
	left: (count) => (count < 0 ? `${-count} te veel` : `nog ${count}`),

	answering: "De assistent antwoordt.",
	finished: "Antwoord klaar.",
	stopped: "Gestopt",
	cutShort: "Het antwoord heeft zijn maximale lengte bereikt.",
	filtered: "De rest van dit antwoord is achtergehouden.",
	continue: "Doorgaan",
	continued: "Voortgezet na een onderbreking",
	answerAnew: "Opnieuw antwoorden",
	copy: "Kopiëren",
	copied: "Gekopieerd",
	notCopied: "Deze pagina laat de chat niet kopiëren.",
	good: "Goed antwoord",
	bad: "Slecht antwoord",
	sources: "Bronnen",
	newTab: "opent in een nieuw tabblad",
	codeBlock: (lines, language) =>
		`Codeblok, ${language ? `${language}, ` : ""}${lines} ${lines === 1 ? "regel" : "regels"}.`,
	code: (language) => (language ? `Code, ${language}` : "Code"),
	table: "Tabel",
	unformatted:
		"Dit is te lang om op te maken. De rest wordt als gewone tekst getoond.",
	done: "Gedaan",
	toDo: "Te doen",

	newMessages: "Nieuwe berichten",
	latest: "Naar het nieuwste bericht",

	connecting: "Verbinden…",
	reconnecting: "Verbinding verbroken. Opnieuw verbinden…",
	reconnectingIn: (seconds) =>
		`Verbinding verbroken. Volgende poging over ${seconds}\u00a0s.`,
	offline: "U bent offline. Wat u schrijft wordt bewaard en later verstuurd.",
	forbiddenByPage: "Deze pagina laat de chat zijn server niet bereiken.",
	connectedAgain: "Weer verbonden.",
	tryNow: "Nu proberen",
	newConversation: "Nieuw gesprek",
	leaveConversation: "Een nieuw gesprek beginnen?",
	cancel: "Annuleren",

	refusals: {
		rate_limited: "De limiet voor berichten is bereikt.",
		provider_timeout: "De assistent heeft niet op tijd geantwoord.",
		provider_failed: "De assistent kan nu niet antwoorden.",
		interrupted: "Het antwoord is afgebroken.",
		unauthorized: "De toegang tot deze chat ontbreekt of is verlopen.",
		forbidden: "Deze chat is hier niet toegestaan.",
		not_found: "Dit gesprek bestaat niet meer.",
		conflict: "Er is iets anders bezig. Probeer het zo nog eens.",
		outdated: "Deze pagina is verouderd. Laad haar opnieuw.",
		unavailable: "De chat is nu niet beschikbaar. Probeer het zo nog eens.",
		too_large: "Het bericht is te lang.",
	},
} satisfies Words;
