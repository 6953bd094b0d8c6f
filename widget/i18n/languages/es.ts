/** The strings in Spanish. */
import type { Words } from "../strings.ts";

export default {
	heading: "Chat",
	placeholder: "Escriba un mensaje…",
	greeting: "¿En qué puedo ayudarle?",
	suggestions: "Preguntas sugeridas",
	transcript: "Conversación",
	composer: "Mensaje",
	send: "Enviar",
	stop: "Detener la respuesta",
	you: (time) => `Usted, ${time}`,
	assistant: (time) => `Asistente, ${time}`,
	answerTo: (question) => `En respuesta a: ${question}`,

	open: "Abrir el chat",
	openUnread: (count) =>
		`Abrir el chat, ${count} ${count === 1 ? "mensaje nuevo" : "mensajes nuevos"}`,
	close: "Cerrar el chat",

	sending: "Enviando…",
	sendingIn: (seconds) => `Se reenviará en ${seconds}\u00a0s.`,
	notSent: "No enviado.",
	tryAgain: "Reintentar",
	edit: "Editar",
	tooLong: (limit, over) =>
		`Sobran ${over} caracteres del límite de ${limit}. Acórtelo, por favor.`,
	left: (count) => (count < 0 ? `sobran ${-count}` : `quedan ${count}`),

	answering: "El asistente está respondiendo.",
	finished: "Respuesta terminada.",
	stopped: "Detenida",
	cutShort: "La respuesta ha alcanzado su longitud máxima.",
	filtered: "El resto de esta respuesta se ha retenido.",
	continue: "Continuar",
	continued: "Continuada tras una interrupción",
	answerAnew: "Responder de nuevo",
	copy: "Copiar",
	copied: "Copiado",
	notCopied: "Esta página no permite copiar desde el chat.",
	good: "Buena respuesta",
	bad: "Mala respuesta",
	sources: "Fuentes",
	newTab: "se abre en una pestaña nueva",
	codeBlock: (lines, language) =>
		`Bloque de código, ${language ? `${language}, ` : ""}${lines} ${lines === 1 ? "línea" : "líneas"}.`,
	code: (language) => (language ? `Código, ${language}` : "Código"),
	table: "Tabla",
	unformatted:
		"Es demasiado largo para darle formato. El resto se muestra como texto sin formato.",
	done: "Hecho",
	toDo: "Pendiente",

	newMessages: "Mensajes nuevos",
	latest: "Ir al último mensaje",

	connecting: "Conectando…",
	reconnecting: "Conexión perdida. Reconectando…",
	reconnectingIn: (seconds) =>
		`Conexión perdida. Próximo intento en ${seconds}\u00a0s.`,
	offline: "Está sin conexión. Lo que escriba se guarda y se enviará después.",
	forbiddenByPage: "Esta página no permite que el chat llegue a su servidor.",
	connectedAgain: "Conectado de nuevo.",
	tryNow: "Intentar ahora",
	newConversation: "Conversación nueva",
	leaveConversation: "¿Empezar una conversación nueva?",
	cancel: "Cancelar",

	refusals: {
		rate_limited: "Se ha alcanzado el límite de mensajes.",
		provider_timeout: "El asistente no ha respondido a tiempo.",
		provider_failed: "El asistente no puede responder en este momento.",
		interrupted: "La respuesta se ha interrumpido.",
		unauthorized: "Falta el acceso a este chat o ha caducado.",
		forbidden: "Este chat no está permitido aquí.",
		not_found: "Esta conversación ya no existe.",
		conflict: "Hay otra acción en curso. Inténtelo de nuevo en un momento.",
		outdated: "Esta página está anticuada. Vuelva a cargarla.",
		unavailable:
			"El chat no está disponible en este momento. Inténtelo de nuevo dentro de poco.",
		too_large: "El mensaje es demasiado largo.",
	},
} satisfies Words;
