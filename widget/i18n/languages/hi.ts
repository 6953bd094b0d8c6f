/** The strings in Hindi. */
import type { Words } from "../strings.ts";

export default {
	heading: "चैट",
	placeholder: "संदेश लिखें…",
	greeting: "मैं आपकी क्या मदद कर सकता हूँ?",
	suggestions: "सुझाए गए प्रश्न",
	transcript: "बातचीत",
	composer: "संदेश",
	send: "भेजें",
	stop: "उत्तर रोकें",
	you: (time) => `आप, ${time}`,
	assistant: (time) => `सहायक, ${time}`,
	answerTo: (question) => `इसका उत्तर: ${question}`,

	open: "चैट खोलें",
	openUnread: (count) =>
		`चैट खोलें, ${count} ${count === 1 ? "नया संदेश" : "नए संदेश"}`,
	close: "चैट बंद करें",

	sending: "भेजा जा रहा है…",
	sendingIn: (seconds) => `${seconds}\u00a0सेकंड में फिर भेजा जाएगा।`,
	notSent: "नहीं भेजा गया।",
	tryAgain: "फिर कोशिश करें",
	edit: "बदलें",
	tooLong: (limit, over) =>
		`यह ${limit} वर्णों की सीमा से ${over} अधिक है। कृपया छोटा करें।`,
	left: (count) => (count < 0 ? `${-count} अधिक` : `${count} शेष`),

	answering: "सहायक उत्तर दे रहा है।",
	finished: "उत्तर पूरा हुआ।",
	stopped: "रोका गया",
	cutShort: "उत्तर अपनी अधिकतम लंबाई तक पहुँच गया।",
	filtered: "इस उत्तर का शेष भाग नहीं दिखाया गया।",
	continue: "जारी रखें",
	continued: "रुकने के बाद जारी",
	answerAnew: "फिर से उत्तर दें",
	copy: "कॉपी करें",
	copied: "कॉपी हुआ",
	notCopied: "यह पेज चैट को कॉपी नहीं करने देता।",
	good: "अच्छा उत्तर",
	bad: "खराब उत्तर",
	sources: "स्रोत",
	newTab: "नए टैब में खुलता है",
	codeBlock: (lines, language) =>
		`कोड, ${language ? `${language}, ` : ""}${lines} ${lines === 1 ? "पंक्ति" : "पंक्तियाँ"}।`,
	code: (language) => (language ? `कोड, ${language}` : "कोड"),
	table: "तालिका",
	unformatted: "यह सजाने के लिए बहुत लंबा है। शेष सादे पाठ में है।",
	done: "हो गया",
	toDo: "करना है",

	newMessages: "नए संदेश",
	latest: "सबसे नए संदेश पर जाएँ",

	connecting: "जुड़ रहा है…",
	reconnecting: "कनेक्शन टूट गया। फिर जुड़ रहा है…",
	reconnectingIn: (seconds) =>
		`कनेक्शन टूट गया। अगली कोशिश ${seconds}\u00a0सेकंड में।`,
	offline: "आप ऑफ़लाइन हैं। आप जो लिखेंगे वह सहेजा जाएगा और बाद में भेजा जाएगा।",
	forbiddenByPage: "यह पेज चैट को उसके सर्वर तक नहीं पहुँचने देता।",
	connectedAgain: "फिर से जुड़ गया।",
	tryNow: "अभी कोशिश करें",
	newConversation: "नई बातचीत",
	leaveConversation: "नई बातचीत शुरू करें?",
	cancel: "रद्द करें",

	refusals: {
		rate_limited: "संदेशों की सीमा पूरी हो गई है।",
		provider_timeout: "सहायक ने समय पर उत्तर नहीं दिया।",
		provider_failed: "सहायक अभी उत्तर नहीं दे सकता।",
		interrupted: "उत्तर बीच में रुक गया।",
		unauthorized: "इस चैट की अनुमति नहीं है या समाप्त हो गई है।",
		forbidden: "यह चैट यहाँ अनुमत नहीं है।",
		not_found: "यह बातचीत अब मौजूद नहीं है।",
		conflict: "कोई दूसरा काम चल रहा है। थोड़ी देर में फिर कोशिश करें।",
		outdated: "यह पेज पुराना है। इसे फिर से लोड करें।",
		unavailable: "चैट अभी उपलब्ध नहीं है। थोड़ी देर में फिर कोशिश करें।",
		too_large: "संदेश बहुत लंबा है।",
	},
} satisfies Words;
