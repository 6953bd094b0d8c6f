/** The strings in Hebrew. */
import type { Words } from "../strings.ts";

export default {
	heading: "צ׳אט",
	placeholder: "כתיבת הודעה…",
	greeting: "איך אפשר לעזור?",
	suggestions: "שאלות מוצעות",
	transcript: "שיחה",
	composer: "הודעה",
	send: "שליחה",
	stop: "עצירת התשובה",
	you: (time) => `את/ה, ${time}`,
	assistant: (time) => `העוזר, ${time}`,
	answerTo: (question) => `תשובה לשאלה: ${question}`,

	open: "פתיחת הצ׳אט",
	openUnread: (count) =>
		`פתיחת הצ׳אט, ${count === 1 ? "הודעה חדשה אחת" : `${count} הודעות חדשות`}`,
	close: "סגירת הצ׳אט",

	sending: "בשליחה…",
	sendingIn: (seconds) => `שליחה חוזרת בעוד ${seconds}\u00a0שנ׳.`,
	notSent: "לא נשלחה.",
	tryAgain: "ניסיון נוסף",
	edit: "עריכה",
	tooLong: (limit, over) =>
		`הטקסט חורג ב־${over} תווים מהמגבלה של ${limit}. נא לקצר.`,
	left: (count) => (count < 0 ? `${-count} יותר מדי` : `נותרו ${count}`),

	answering: "העוזר עונה.",
	finished: "התשובה הסתיימה.",
	stopped: "נעצרה",
	cutShort: "התשובה הגיעה לאורך המרבי.",
	filtered: "המשך התשובה לא הוצג.",
	continue: "המשך",
	continued: "התשובה נמשכה לאחר הפסקה",
	answerAnew: "תשובה מחדש",
	copy: "העתקה",
	copied: "הועתק",
	notCopied: "הדף הזה אינו מאפשר לצ׳אט להעתיק.",
	good: "תשובה טובה",
	bad: "תשובה לא טובה",
	sources: "מקורות",
	newTab: "נפתח בלשונית חדשה",
	codeBlock: (lines, language) =>
		`קטע קוד, ${language ? `${language}, ` : ""}${lines === 1 ? "שורה אחת" : `${lines} שורות`}.`,
	code: (language) => (language ? `קוד, ${language}` : "קוד"),
	table: "טבלה",
	unformatted: "הטקסט ארוך מדי לעיצוב. ההמשך מוצג כטקסט פשוט.",
	done: "בוצע",
	toDo: "לביצוע",

	newMessages: "הודעות חדשות",
	latest: "מעבר להודעה האחרונה",

	connecting: "מתחבר…",
	reconnecting: "החיבור אבד. מתחבר מחדש…",
	reconnectingIn: (seconds) =>
		`החיבור אבד. ניסיון נוסף בעוד ${seconds}\u00a0שנ׳.`,
	offline: "אין חיבור לרשת. מה שייכתב יישמר ויישלח אחר כך.",
	forbiddenByPage: "הדף הזה אינו מאפשר לצ׳אט להגיע לשרת שלו.",
	connectedAgain: "החיבור חזר.",
	tryNow: "ניסיון עכשיו",
	newConversation: "שיחה חדשה",
	leaveConversation: "להתחיל שיחה חדשה?",
	cancel: "ביטול",

	refusals: {
		rate_limited: "הגעתם למגבלת ההודעות.",
		provider_timeout: "העוזר לא ענה בזמן.",
		provider_failed: "העוזר לא יכול לענות כרגע.",
		interrupted: "התשובה נקטעה.",
		unauthorized: "הגישה לצ׳אט הזה חסרה או שפג תוקפה.",
		forbidden: "הצ׳אט הזה אינו מותר כאן.",
		not_found: "השיחה הזאת כבר לא קיימת.",
		conflict: "פעולה אחרת מתבצעת. נסו שוב בעוד רגע.",
		outdated: "הדף הזה אינו מעודכן. טענו אותו מחדש.",
		unavailable: "הצ׳אט אינו זמין כרגע. נסו שוב בעוד רגע.",
		too_large: "ההודעה ארוכה מדי.",
	},
} satisfies Words;
