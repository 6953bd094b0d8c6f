/** The strings in Turkish. */
import type { Words } from "../strings.ts";

export default {
	heading: "Sohbet",
	placeholder: "Bir mesaj yazın…",
	greeting: "Nasıl yardımcı olabilirim?",
	suggestions: "Önerilen sorular",
	transcript: "Konuşma",
	composer: "Mesaj",
	send: "Gönder",
	stop: "Yanıtı durdur",
	you: (time) => `Siz, ${time}`,
	assistant: (time) => `Asistan, ${time}`,
	answerTo: (question) => `Yanıtlanan soru: ${question}`,

	open: "Sohbeti aç",
	openUnread: (count) => `Sohbeti aç, ${count} yeni mesaj`,
	close: "Sohbeti kapat",

	sending: "Gönderiliyor…",
	sendingIn: (seconds) => `${seconds}\u00a0sn içinde yeniden gönderilecek.`,
	notSent: "Gönderilmedi.",
	tryAgain: "Yeniden dene",
	edit: "Düzenle",
	tooLong: (limit, over) =>
		`${limit} karakterlik sınırdan ${over} fazla. Lütfen kısaltın.`,
	left: (count) => (count < 0 ? `${-count} fazla` : `${count} kaldı`),

	answering: "Asistan yanıtlıyor.",
	finished: "Yanıt bitti.",
	stopped: "Durduruldu",
	cutShort: "Yanıt en fazla uzunluğuna ulaştı.",
	filtered: "Bu yanıtın devamı gösterilmedi.",
	continue: "Devam et",
	continued: "Kesintiden sonra devam edildi",
	answerAnew: "Yeniden yanıtla",
	copy: "Kopyala",
	copied: "Kopyalandı",
	notCopied: "Bu sayfa sohbetin kopyalamasına izin vermiyor.",
	good: "İyi yanıt",
	bad: "Kötü yanıt",
	sources: "Kaynaklar",
	newTab: "yeni sekmede açılır",
	codeBlock: (lines, language) =>
		`Kod bloğu, ${language ? `${language}, ` : ""}${lines} satır.`,
	code: (language) => (language ? `Kod, ${language}` : "Kod"),
	table: "Tablo",
	unformatted:
		"Biçimlendirmek için çok uzun. Kalanı düz metin olarak gösteriliyor.",
	done: "Yapıldı",
	toDo: "Yapılacak",

	newMessages: "Yeni mesajlar",
	latest: "En yeni mesaja git",

	connecting: "Bağlanıyor…",
	reconnecting: "Bağlantı koptu. Yeniden bağlanıyor…",
	reconnectingIn: (seconds) =>
		`Bağlantı koptu. Sonraki deneme ${seconds}\u00a0sn içinde.`,
	offline: "Çevrimdışısınız. Yazdıklarınız saklanır ve sonra gönderilir.",
	forbiddenByPage: "Bu sayfa sohbetin sunucusuna ulaşmasına izin vermiyor.",
	connectedAgain: "Yeniden bağlandı.",
	tryNow: "Şimdi dene",
	newConversation: "Yeni konuşma",
	leaveConversation: "Yeni bir konuşma başlatılsın mı?",
	cancel: "Vazgeç",

	refusals: {
		rate_limited: "Mesaj sınırına ulaşıldı.",
		provider_timeout: "Asistan zamanında yanıt vermedi.",
		provider_failed: "Asistan şu anda yanıt veremiyor.",
		interrupted: "Yanıt yarıda kesildi.",
		unauthorized: "Bu sohbete erişim yok veya süresi doldu.",
		forbidden: "Bu sohbete burada izin verilmiyor.",
		not_found: "Bu konuşma artık yok.",
		conflict: "Başka bir işlem sürüyor. Birazdan yeniden deneyin.",
		outdated: "Bu sayfa eski. Lütfen yeniden yükleyin.",
		unavailable: "Sohbet şu anda kullanılamıyor. Birazdan yeniden deneyin.",
		too_large: "Mesaj çok uzun.",
	},
} satisfies Words;
