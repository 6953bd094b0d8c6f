/**
 * `chat-stream/server`: what an owner's provider and configuration file import.
 *
 * It starts nothing and reads nothing. Its types for owners are in `types/`.
 */
import type { ConfigFile } from "./config/config.ts";

export type { ConfigFile } from "./config/config.ts";
export type { Provider, ReplyRequest } from "./providers/provider.ts";

/** Returns `config` unchanged; an editor checks and completes it. */
export const defineConfig = (config: ConfigFile): ConfigFile => config;
