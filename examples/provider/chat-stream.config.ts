/** Settings that the environment cannot say: the provider is a function. */
import { defineConfig } from "chat-stream/server";
import provider from "./my-provider.ts";

export default defineConfig({
	provider,
	store: "memory:",
	origins: ["http://localhost:5173", "http://localhost:8787"],
});
