/**
 * Rules by which content blockers find chat widgets: the names of well-known widgets and of their usual parts, in
 * the form that public filter lists use for every page.
 *
 * No list is copied here. The element must not match such a rule by accident.
 */

/** Selectors of hidden elements, each with HTML that it matches. */
export const placesOfChats: Record<string, string> = {
	'[id^="intercom-"]': `<div id="intercom-container"></div>`,
	'[class^="intercom-"]': `<div class="intercom-launcher"></div>`,
	".drift-widget, #drift-widget": `<div id="drift-widget"></div>`,
	'[class*="drift-frame"]': `<iframe class="drift-frame-chat"></iframe>`,
	"#hubspot-messages-iframe-container": `<div id="hubspot-messages-iframe-container"></div>`,
	"#tidio-chat, [id^=tidio]": `<div id="tidio-chat"></div>`,
	".crisp-client": `<div class="crisp-client"></div>`,
	'[id^="tawk"], [class*="tawk-"]': `<div id="tawkchat"></div>`,
	".zopim, #webWidget, iframe#launcher": `<iframe id="launcher"></iframe>`,
	"#olark-wrapper, .olark-launch-button": `<div id="olark-wrapper"></div>`,
	"#fc_frame, .fc-widget-normal": `<div id="fc_frame"></div>`,
	"jdiv, yardi-widget, df-messenger": `<jdiv></jdiv>`,
	'[id*="livechat" i], [class*="livechat" i]': `<div id="btnLiveChat"></div>`,
	'[id*="live-chat" i], [class*="live-chat" i]': `<a class="open-live-chat"></a>`,
	'[class*="chat-widget" i], [id*="chat-widget" i]': `<div class="my-chat-widget"></div>`,
	'[class*="chatwidget" i], [id*="chatwidget" i]': `<div id="chatWidget"></div>`,
	'[class*="chat-bubble" i], [class*="chat-button" i]': `<i class="chat-bubble"></i>`,
	'[class*="chat-launcher" i], [id*="chat-launcher" i]': `<i id="chat-launcher"></i>`,
	'[class*="chat-container" i], [id*="chat-container" i]': `<i id="chat-container"></i>`,
	'[class*="chatbot" i], [id*="chatbot" i]': `<div id="chatbot"></div>`,
	'[class*="webchat" i], [id*="webchat" i]': `<div id="webchat"></div>`,
	'[class^="chat-"], [id^="chat-"], #chat, .chat': `<div id="chat"></div>`,
	'iframe[title*="chat" i], iframe[src*="chat" i]': `<iframe title="Chat with us"></iframe>`,
	'[aria-label*="chat" i], [title*="chat" i]': `<a aria-label="Open chat"></a>`,
	"chat-widget, chat-bot, live-chat, web-chat": `<chat-widget></chat-widget>`,
	'script[src*="livechat" i], script[src*="chat-widget" i]': `<script src="data:,livechat"></script>`,
};

/** Parts of blocked URLs. */
export const addressesOfChats: readonly string[] = [
	...["livechat", "live-chat", "live_chat", "chat-widget", "chat_widget"],
	...["chatwidget", "chat/widget", "widget/chat", "widget-chat", "webchat"],
	...["web-chat", "chatbot", "chat-bot", "chat-loader", "chat-sdk"],
	...["chat-button", "chat-bubble", "customerchat", "/ichat/", "/chat.js"],
	...["/chat2/", "infochat", "intercom", "messenger"],
];
