/** The strings in French. */
import type { Words } from "../strings.ts";

export default {
	heading: "Discussion",
	placeholder: "Écrivez un message…",
	greeting: "Comment puis-je vous aider ?",
	suggestions: "Questions suggérées",
	transcript: "Conversation",
	composer: "Message",
	send: "Envoyer",
	stop: "Arrêter la réponse",
	you: (time) => `Vous, ${time}`,
	assistant: (time) => `Assistant, ${time}`,
	answerTo: (question) => `En réponse à : ${question}`,

	open: "Ouvrir la discussion",
	openUnread: (count) =>
		`Ouvrir la discussion, ${count} ${count === 1 ? "nouveau message" : "nouveaux messages"}`,
	close: "Fermer la discussion",

	sending: "Envoi…",
	sendingIn: (seconds) => `Nouvel envoi dans ${seconds}\u00a0s.`,
	notSent: "Non envoyé.",
	tryAgain: "Réessayer",
	edit: "Modifier",
	tooLong: (limit, over) =>
		`Il y a ${over} caractères de plus que la limite de ${limit}. Veuillez raccourcir.`,
	left: (count) => (count < 0 ? `${-count} en trop` : `${count} restants`),

	answering: "L’assistant répond.",
	finished: "Réponse terminée.",
	stopped: "Arrêtée",
	cutShort: "La réponse a atteint sa longueur maximale.",
	filtered: "La suite de cette réponse a été retenue.",
	continue: "Continuer",
	continued: "Reprise après une interruption",
	answerAnew: "Répondre à nouveau",
	copy: "Copier",
	copied: "Copié",
	notCopied: "Cette page ne permet pas de copier.",
	good: "Bonne réponse",
	bad: "Mauvaise réponse",
	sources: "Sources",
	newTab: "s’ouvre dans un nouvel onglet",
	codeBlock: (lines, language) =>
		`Bloc de code, ${language ? `${language}, ` : ""}${lines} ${lines === 1 ? "ligne" : "lignes"}.`,
	code: (language) => (language ? `Code, ${language}` : "Code"),
	table: "Tableau",
	unformatted:
		"C’est trop long pour être mis en forme. Le reste est affiché en texte brut.",
	done: "Fait",
	toDo: "À faire",

	newMessages: "Nouveaux messages",
	latest: "Aller au dernier message",

	connecting: "Connexion…",
	reconnecting: "Connexion perdue. Reconnexion…",
	reconnectingIn: (seconds) =>
		`Connexion perdue. Prochain essai dans ${seconds}\u00a0s.`,
	offline:
		"Vous êtes hors ligne. Ce que vous écrivez est conservé et envoyé plus tard.",
	forbiddenByPage:
		"Cette page ne permet pas à la discussion de joindre son serveur.",
	connectedAgain: "De nouveau connecté.",
	tryNow: "Essayer maintenant",
	newConversation: "Nouvelle conversation",
	leaveConversation: "Commencer une nouvelle conversation ?",
	cancel: "Annuler",

	refusals: {
		rate_limited: "La limite de messages est atteinte.",
		provider_timeout: "L’assistant n’a pas répondu à temps.",
		provider_failed: "L’assistant ne peut pas répondre pour le moment.",
		interrupted: "La réponse a été interrompue.",
		unauthorized: "L’accès à cette discussion manque ou a expiré.",
		forbidden: "Cette discussion n’est pas autorisée ici.",
		not_found: "Cette conversation n’existe plus.",
		conflict: "Une autre action est en cours. Réessayez dans un instant.",
		outdated: "Cette page est périmée. Rechargez-la.",
		unavailable:
			"La discussion n’est pas disponible pour le moment. Réessayez dans un instant.",
		too_large: "Le message est trop long.",
	},
} satisfies Words;
