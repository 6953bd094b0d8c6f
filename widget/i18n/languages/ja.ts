/** The strings in Japanese. */
import type { Words } from "../strings.ts";

export default {
	heading: "チャット",
	placeholder: "メッセージを入力…",
	greeting: "どのようなご用件でしょうか？",
	suggestions: "質問の例",
	transcript: "会話",
	composer: "メッセージ",
	send: "送信",
	stop: "回答を止める",
	you: (time) => `あなた、${time}`,
	assistant: (time) => `アシスタント、${time}`,
	answerTo: (question) => `次の質問への回答：${question}`,

	open: "チャットを開く",
	openUnread: (count) => `チャットを開く、新着メッセージ${count}件`,
	close: "チャットを閉じる",

	sending: "送信中…",
	sendingIn: (seconds) => `${seconds}秒後に再送信します。`,
	notSent: "送信できませんでした。",
	tryAgain: "再試行",
	edit: "編集",
	tooLong: (limit, over) =>
		`上限の${limit}文字を${over}文字超えています。短くしてください。`,
	left: (count) => (count < 0 ? `${-count}文字超過` : `残り${count}文字`),

	answering: "アシスタントが回答しています。",
	finished: "回答が終わりました。",
	stopped: "停止しました",
	cutShort: "回答が長さの上限に達しました。",
	filtered: "この回答の続きは表示されません。",
	continue: "続ける",
	continued: "中断後に再開しました",
	answerAnew: "もう一度回答",
	copy: "コピー",
	copied: "コピーしました",
	notCopied: "このページではチャットからコピーできません。",
	good: "良い回答",
	bad: "良くない回答",
	sources: "出典",
	newTab: "新しいタブで開きます",
	codeBlock: (lines, language) =>
		`コードブロック、${language ? `${language}、` : ""}${lines}行。`,
	code: (language) => (language ? `コード、${language}` : "コード"),
	table: "表",
	unformatted: "長すぎるため整形できません。残りはそのままの文字で表示します。",
	done: "完了",
	toDo: "未完了",

	newMessages: "新着メッセージ",
	latest: "最新のメッセージへ",

	connecting: "接続中…",
	reconnecting: "接続が切れました。再接続しています…",
	reconnectingIn: (seconds) =>
		`接続が切れました。${seconds}秒後に再接続します。`,
	offline: "オフラインです。入力した内容は保存され、後で送信されます。",
	forbiddenByPage: "このページではチャットがサーバーに接続できません。",
	connectedAgain: "再接続しました。",
	tryNow: "今すぐ試す",
	newConversation: "新しい会話",
	leaveConversation: "新しい会話を始めますか？",
	cancel: "キャンセル",

	refusals: {
		rate_limited: "メッセージ数の上限に達しました。",
		provider_timeout: "アシスタントの応答が間に合いませんでした。",
		provider_failed: "アシスタントは今お答えできません。",
		interrupted: "回答が中断されました。",
		unauthorized: "このチャットの利用資格がないか、期限が切れています。",
		forbidden: "このチャットはここでは許可されていません。",
		not_found: "この会話はもうありません。",
		conflict: "別の処理が進行中です。少し待ってからもう一度お試しください。",
		outdated: "このページは古くなっています。再読み込みしてください。",
		unavailable:
			"チャットは今ご利用いただけません。少し待ってからもう一度お試しください。",
		too_large: "メッセージが長すぎます。",
	},
} satisfies Words;
