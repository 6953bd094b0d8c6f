/** The strings in Korean. */
import type { Words } from "../strings.ts";

export default {
	heading: "채팅",
	placeholder: "메시지를 입력하세요…",
	greeting: "무엇을 도와드릴까요?",
	suggestions: "추천 질문",
	transcript: "대화",
	composer: "메시지",
	send: "보내기",
	stop: "답변 멈추기",
	you: (time) => `나, ${time}`,
	assistant: (time) => `도우미, ${time}`,
	answerTo: (question) => `다음 질문에 대한 답변: ${question}`,

	open: "채팅 열기",
	openUnread: (count) => `채팅 열기, 새 메시지 ${count}개`,
	close: "채팅 닫기",

	sending: "보내는 중…",
	sendingIn: (seconds) => `${seconds}초 후에 다시 보냅니다.`,
	notSent: "보내지 못했습니다.",
	tryAgain: "다시 시도",
	edit: "수정",
	tooLong: (limit, over) =>
		`최대 ${limit}자에서 ${over}자를 넘었습니다. 줄여 주세요.`,
	left: (count) => (count < 0 ? `${-count}자 초과` : `${count}자 남음`),

	answering: "도우미가 답변하고 있습니다.",
	finished: "답변이 끝났습니다.",
	stopped: "멈춤",
	cutShort: "답변이 최대 길이에 이르렀습니다.",
	filtered: "이 답변의 나머지는 표시되지 않습니다.",
	continue: "계속",
	continued: "중단 후 이어진 답변",
	answerAnew: "다시 답변",
	copy: "복사",
	copied: "복사됨",
	notCopied: "이 페이지에서는 채팅이 복사할 수 없습니다.",
	good: "좋은 답변",
	bad: "좋지 않은 답변",
	sources: "출처",
	newTab: "새 탭에서 열림",
	codeBlock: (lines, language) =>
		`코드 블록, ${language ? `${language}, ` : ""}${lines}줄.`,
	code: (language) => (language ? `코드, ${language}` : "코드"),
	table: "표",
	unformatted:
		"너무 길어 서식을 적용할 수 없습니다. 나머지는 일반 텍스트입니다.",
	done: "완료",
	toDo: "할 일",

	newMessages: "새 메시지",
	latest: "최신 메시지로 이동",

	connecting: "연결 중…",
	reconnecting: "연결이 끊겼습니다. 다시 연결하는 중…",
	reconnectingIn: (seconds) =>
		`연결이 끊겼습니다. ${seconds}초 후에 다시 시도합니다.`,
	offline: "오프라인입니다. 쓴 내용은 보관했다가 나중에 보냅니다.",
	forbiddenByPage: "이 페이지에서는 채팅이 서버에 연결할 수 없습니다.",
	connectedAgain: "다시 연결되었습니다.",
	tryNow: "지금 시도",
	newConversation: "새 대화",
	leaveConversation: "새 대화를 시작할까요?",
	cancel: "취소",

	refusals: {
		rate_limited: "메시지 한도에 도달했습니다.",
		provider_timeout: "어시스턴트가 제때 답하지 못했습니다.",
		provider_failed: "어시스턴트가 지금은 답할 수 없습니다.",
		interrupted: "답변이 중단되었습니다.",
		unauthorized: "이 채팅의 접근 권한이 없거나 만료되었습니다.",
		forbidden: "이 채팅은 여기에서 허용되지 않습니다.",
		not_found: "이 대화는 더 이상 없습니다.",
		conflict: "다른 작업이 진행 중입니다. 잠시 후 다시 시도하세요.",
		outdated: "이 페이지는 오래되었습니다. 새로 고침하세요.",
		unavailable: "지금은 채팅을 사용할 수 없습니다. 잠시 후 다시 시도하세요.",
		too_large: "메시지가 너무 깁니다.",
	},
} satisfies Words;
