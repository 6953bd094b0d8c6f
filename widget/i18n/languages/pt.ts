/** The strings in Portuguese. */
import type { Words } from "../strings.ts";

export default {
	heading: "Chat",
	placeholder: "Escreva uma mensagem…",
	greeting: "Como posso ajudar?",
	suggestions: "Perguntas sugeridas",
	transcript: "Conversa",
	composer: "Mensagem",
	send: "Enviar",
	stop: "Parar a resposta",
	you: (time) => `Você, ${time}`,
	assistant: (time) => `Assistente, ${time}`,
	answerTo: (question) => `Em resposta a: ${question}`,

	open: "Abrir o chat",
	openUnread: (count) =>
		`Abrir o chat, ${count} ${count === 1 ? "mensagem nova" : "mensagens novas"}`,
	close: "Fechar o chat",

	sending: "Enviando…",
	sendingIn: (seconds) => `Novo envio em ${seconds}\u00a0s.`,
	notSent: "Não enviada.",
	tryAgain: "Tentar de novo",
	edit: "Editar",
	tooLong: (limit, over) =>
		`São ${over} caracteres acima do limite de ${limit}. Encurte, por favor.`,
	left: (count) => (count < 0 ? `${-count} a mais` : `restam ${count}`),

	answering: "O assistente está respondendo.",
	finished: "Resposta concluída.",
	stopped: "Interrompida",
	cutShort: "A resposta atingiu o tamanho máximo.",
	filtered: "O restante desta resposta foi retido.",
	continue: "Continuar",
	continued: "Retomada após uma interrupção",
	answerAnew: "Responder de novo",
	copy: "Copiar",
	copied: "Copiado",
	notCopied: "Esta página não permite que o chat copie.",
	good: "Boa resposta",
	bad: "Resposta ruim",
	sources: "Fontes",
	newTab: "abre em uma nova aba",
	codeBlock: (lines, language) =>
		`Bloco de código, ${language ? `${language}, ` : ""}${lines} ${lines === 1 ? "linha" : "linhas"}.`,
	code: (language) => (language ? `Código, ${language}` : "Código"),
	table: "Tabela",
	unformatted:
		"É longo demais para formatar. O restante aparece como texto simples.",
	done: "Feito",
	toDo: "A fazer",

	newMessages: "Novas mensagens",
	latest: "Ir para a última mensagem",

	connecting: "Conectando…",
	reconnecting: "Conexão perdida. Reconectando…",
	reconnectingIn: (seconds) =>
		`Conexão perdida. Próxima tentativa em ${seconds}\u00a0s.`,
	offline: "Você está offline. O que escrever será guardado e enviado depois.",
	forbiddenByPage: "Esta página não permite que o chat chegue ao seu servidor.",
	connectedAgain: "Conectado de novo.",
	tryNow: "Tentar agora",
	newConversation: "Nova conversa",
	leaveConversation: "Começar uma nova conversa?",
	cancel: "Cancelar",

	refusals: {
		rate_limited: "O limite de mensagens foi atingido.",
		provider_timeout: "O assistente não respondeu a tempo.",
		provider_failed: "O assistente não pode responder neste momento.",
		interrupted: "A resposta foi interrompida.",
		unauthorized: "Falta o acesso a este chat ou expirou.",
		forbidden: "Este chat não é permitido aqui.",
		not_found: "Esta conversa já não existe.",
		conflict: "Há outra ação em curso. Tente de novo daqui a pouco.",
		outdated: "Esta página está desatualizada. Recarregue-a.",
		unavailable:
			"O chat não está disponível neste momento. Tente de novo daqui a pouco.",
		too_large: "A mensagem é demasiado longa.",
	},
} satisfies Words;
