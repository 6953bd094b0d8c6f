/** The strings in Arabic. */
import type { Words } from "../strings.ts";

const rules = new Intl.PluralRules("ar");

/** Arabic counts one, two, three to ten, and more, each in its own way. */
const counted = (
	count: number,
	[one, two, few, many]: readonly [string, string, string, string],
) => {
	const form = rules.select(count);
	if (form === "one") return one;
	if (form === "two") return two;
	return `${count} ${form === "few" ? few : many}`;
};

export default {
	heading: "المحادثة",
	placeholder: "اكتب رسالة…",
	greeting: "كيف يمكنني مساعدتك؟",
	suggestions: "أسئلة مقترحة",
	transcript: "المحادثة",
	composer: "الرسالة",
	send: "إرسال",
	stop: "إيقاف الإجابة",
	you: (time) => `أنت، ${time}`,
	assistant: (time) => `المساعد، ${time}`,
	answerTo: (question) => `إجابة عن: ${question}`,

	open: "فتح المحادثة",
	openUnread: (count) =>
		`فتح المحادثة، ${counted(count, ["رسالة جديدة", "رسالتان جديدتان", "رسائل جديدة", "رسالة جديدة"])}`,
	close: "إغلاق المحادثة",

	sending: "جارٍ الإرسال…",
	sendingIn: (seconds) => `سيعاد الإرسال خلال ${seconds}\u00a0ث.`,
	notSent: "لم تُرسل.",
	tryAgain: "إعادة المحاولة",
	edit: "تعديل",
	tooLong: (limit, over) =>
		`النص أطول بمقدار ${over} من الحد البالغ ${limit}. يُرجى اختصاره.`,
	left: (count) => (count < 0 ? `${-count} زائدة` : `المتبقي ${count}`),

	answering: "المساعد يجيب الآن.",
	finished: "اكتملت الإجابة.",
	stopped: "أُوقفت",
	cutShort: "بلغت الإجابة أقصى طول لها.",
	filtered: "حُجب باقي هذه الإجابة.",
	continue: "متابعة",
	continued: "تمت متابعة الإجابة بعد انقطاع",
	answerAnew: "الإجابة من جديد",
	copy: "نسخ",
	copied: "نُسخ",
	notCopied: "هذه الصفحة لا تسمح للمحادثة بالنسخ.",
	good: "إجابة جيدة",
	bad: "إجابة سيئة",
	sources: "المصادر",
	newTab: "يُفتح في علامة تبويب جديدة",
	codeBlock: (lines, language) =>
		`كتلة شيفرة، ${language ? `${language}، ` : ""}${counted(lines, ["سطر واحد", "سطران", "أسطر", "سطرًا"])}.`,
	code: (language) => (language ? `شيفرة، ${language}` : "شيفرة"),
	table: "جدول",
	unformatted: "هذا أطول من أن يُنسَّق. يظهر الباقي نصًا عاديًا.",
	done: "تم",
	toDo: "لم يتم بعد",

	newMessages: "رسائل جديدة",
	latest: "الانتقال إلى أحدث رسالة",

	connecting: "جارٍ الاتصال…",
	reconnecting: "انقطع الاتصال. جارٍ إعادة الاتصال…",
	reconnectingIn: (seconds) =>
		`انقطع الاتصال. المحاولة التالية خلال ${seconds}\u00a0ث.`,
	offline: "أنت غير متصل. ما تكتبه يُحفظ ويُرسل لاحقًا.",
	forbiddenByPage: "هذه الصفحة لا تسمح للمحادثة بالوصول إلى خادمها.",
	connectedAgain: "عاد الاتصال.",
	tryNow: "المحاولة الآن",
	newConversation: "محادثة جديدة",
	leaveConversation: "هل تريد بدء محادثة جديدة؟",
	cancel: "إلغاء",

	refusals: {
		rate_limited: "تم بلوغ الحد الأقصى للرسائل.",
		provider_timeout: "لم يجب المساعد في الوقت المناسب.",
		provider_failed: "لا يستطيع المساعد الإجابة الآن.",
		interrupted: "انقطعت الإجابة.",
		unauthorized: "إذن الدخول إلى هذه المحادثة ناقص أو انتهت صلاحيته.",
		forbidden: "هذه المحادثة غير مسموح بها هنا.",
		not_found: "لم تعد هذه المحادثة موجودة.",
		conflict: "هناك عملية أخرى جارية. حاول بعد قليل.",
		outdated: "هذه الصفحة قديمة. أعد تحميلها.",
		unavailable: "المحادثة غير متاحة الآن. حاول بعد قليل.",
		too_large: "الرسالة أطول مما يُسمح به.",
	},
} satisfies Words;
