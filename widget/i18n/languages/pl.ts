/** The strings in Polish. */
import type { Words } from "../strings.ts";

const rules = new Intl.PluralRules("pl");

/** One, two to four and the like, five and more. */
const plural = (count: number, one: string, few: string, many: string) => {
	const form = rules.select(count);
	return form === "one" ? one : form === "few" ? few : many;
};

export default {
	heading: "Czat",
	placeholder: "Napisz wiadomość…",
	greeting: "Jak mogę pomóc?",
	suggestions: "Proponowane pytania",
	transcript: "Rozmowa",
	composer: "Wiadomość",
	send: "Wyślij",
	stop: "Zatrzymaj odpowiedź",
	you: (time) => `Ty, ${time}`,
	assistant: (time) => `Asystent, ${time}`,
	answerTo: (question) => `W odpowiedzi na: ${question}`,

	open: "Otwórz czat",
	openUnread: (count) =>
		`Otwórz czat, ${count} ${plural(count, "nowa wiadomość", "nowe wiadomości", "nowych wiadomości")}`,
	close: "Zamknij czat",

	sending: "Wysyłanie…",
	sendingIn: (seconds) => `Ponowne wysłanie za ${seconds}\u00a0s.`,
	notSent: "Nie wysłano.",
	tryAgain: "Spróbuj ponownie",
	edit: "Edytuj",
	tooLong: (limit, over) =>
		`O ${over} ${plural(over, "znak", "znaki", "znaków")} za dużo, limit to ${limit}. Skróć tekst.`,
	left: (count) => (count < 0 ? `${-count} za dużo` : `pozostało ${count}`),

	answering: "Asystent odpowiada.",
	finished: "Odpowiedź zakończona.",
	stopped: "Zatrzymano",
	cutShort: "Odpowiedź osiągnęła największą długość.",
	filtered: "Reszta tej odpowiedzi została wstrzymana.",
	continue: "Kontynuuj",
	continued: "Wznowiono po przerwie",
	answerAnew: "Odpowiedz ponownie",
	copy: "Kopiuj",
	copied: "Skopiowano",
	notCopied: "Ta strona nie pozwala czatowi kopiować.",
	good: "Dobra odpowiedź",
	bad: "Zła odpowiedź",
	sources: "Źródła",
	newTab: "otwiera się w nowej karcie",
	codeBlock: (lines, language) =>
		`Blok kodu, ${language ? `${language}, ` : ""}${lines} ${plural(lines, "wiersz", "wiersze", "wierszy")}.`,
	code: (language) => (language ? `Kod, ${language}` : "Kod"),
	table: "Tabela",
	unformatted:
		"To zbyt długie, by je sformatować. Reszta jest zwykłym tekstem.",
	done: "Zrobione",
	toDo: "Do zrobienia",

	newMessages: "Nowe wiadomości",
	latest: "Przejdź do najnowszej wiadomości",

	connecting: "Łączenie…",
	reconnecting: "Utracono połączenie. Ponowne łączenie…",
	reconnectingIn: (seconds) =>
		`Utracono połączenie. Następna próba za ${seconds}\u00a0s.`,
	offline:
		"Jesteś offline. To, co napiszesz, zostanie zachowane i wysłane później.",
	forbiddenByPage: "Ta strona nie pozwala czatowi połączyć się z serwerem.",
	connectedAgain: "Połączono ponownie.",
	tryNow: "Spróbuj teraz",
	newConversation: "Nowa rozmowa",
	leaveConversation: "Zacząć nową rozmowę?",
	cancel: "Anuluj",

	refusals: {
		rate_limited: "Osiągnięto limit wiadomości.",
		provider_timeout: "Asystent nie odpowiedział na czas.",
		provider_failed: "Asystent nie może teraz odpowiedzieć.",
		interrupted: "Odpowiedź została przerwana.",
		unauthorized: "Brak dostępu do tego czatu lub dostęp wygasł.",
		forbidden: "Ten czat nie jest tu dozwolony.",
		not_found: "Tej rozmowy już nie ma.",
		conflict: "Trwa inna czynność. Spróbuj za chwilę.",
		outdated: "Ta strona jest nieaktualna. Odśwież ją.",
		unavailable: "Czat jest teraz niedostępny. Spróbuj za chwilę.",
		too_large: "Wiadomość jest za długa.",
	},
} satisfies Words;
