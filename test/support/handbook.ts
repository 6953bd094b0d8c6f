/**
 * A small handbook of a made-up product, as the pages provider's tests read it.
 * It has what real pages have: front matter, code with hash signs, links, a long section, an FAQ.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const long = (about: string) =>
	Array.from(
		{ length: 30 },
		(_, at) =>
			`Paragraph ${at + 1} about ${about} explains at some length what an operator ought to know before the next paragraph begins.`,
	).join("\n\n");

export const handbook: Record<string, string> = {
	"index.md": `# Kettle

Kettle is a small server that boils water on request. It runs on one machine and needs no database.

## Why Kettle?

Because tea should not wait.
`,
	"installation.md": `---
title: "Installation"
order: 1
---

# Installing Kettle

There are two ways to install Kettle. Either needs [Node](https://nodejs.org) 20.

## With npm

Run this in an empty folder:

\`\`\`sh
# this is a comment, no heading
npm install kettle

npx kettle start
\`\`\`

Kettle now listens on port 8080.

## With Docker

<!-- editors: keep this short -->
Pull the image and run it, see [ports](./configuration.md#ports) for the port:

\`\`\`sh
docker run -p 8080:8080 kettle/kettle
\`\`\`

Or use a compose file.

### Docker Compose

Put this in \`compose.yaml\`:

\`\`\`yaml
services:
  kettle:
    image: kettle/kettle
\`\`\`

## Upgrading

Stop the server, install the new version, start it again. Your settings are kept.
`,
	"configuration.md": `# Configuration

All settings are environment variables.

## Ports

Set \`KETTLE_PORT\` to the port that Kettle should listen on. The default is 8080.

## Colors and themes

The display's colors follow your theme. Set \`KETTLE_THEME\` to \`dark\` or \`light\`.

| Theme | Background |
| --- | --- |
| dark | black |
| light | white |

## Authentication

Visitors sign in with a password or with a [token][tokens]. Set \`KETTLE_AUTH=off\` to let everybody in.

## Reverse proxies

${long("proxies")}

The header \`X-Kettle-Temperature\` must be passed on by nginx, or visitors see zero degrees.

[tokens]: ./guide/tokens.md
`,
	"guide/tokens.md": `# Access tokens

A token lets a script use Kettle without a password.

## Creating a token

Open *Settings › Tokens* and press **New token**. It is shown once.

## Revoking a token

Press the bin beside it. Scripts that use it are refused from then on.
`,
	"guide/websockets.md": `# Live temperature

## Connecting over WebSocket

Connect to \`/live\`. Each message is one JSON object with the temperature in °C.

## Reconnecting

When the line drops, connect again and say where you stopped.
`,
	"faq.md": `# Frequently asked questions

## Can I boil milk?

No. Milk burns, and the warranty ends with it.

## How much does Kettle cost?

Kettle is free for one kitchen. A café pays 5 € a month.

## Crème brûlée

Über-hot desserts are not supported.

## 如何安装

用 npm 安装水壶。
`,
	"notes.txt": "This file is no page: flibbertigibbet.\n",
	".hidden/secret.md": "# Secret\n\nThis page is hidden: flibbertigibbet.\n",
};

/** Writes pages into a new folder of their own. */
export function folderOf(pages: Record<string, string>) {
	const folder = mkdtempSync(join(tmpdir(), "chat-stream-pages-"));
	const write = (path: string, text: string) => {
		const file = join(folder, path);
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, text);
	};
	for (const [path, text] of Object.entries(pages)) write(path, text);
	return {
		folder,
		write,
		remove: (path: string) => rmSync(join(folder, path)),
		delete: () => rmSync(folder, { recursive: true, force: true }),
	};
}
