/** The few types of Vue, Svelte and Solid that our types use. The frameworks are not installed here. */
declare module "vue" {
	export interface HTMLAttributes {
		class?: unknown;
	}
	export interface VNodeProps {
		key?: PropertyKey;
	}
	export interface GlobalComponents {}
}

declare module "svelte/elements" {
	export interface HTMLAttributes<T extends EventTarget> {
		class?: string;
		onclick?: (event: MouseEvent & { currentTarget: T }) => void;
	}
	export interface SvelteHTMLElements {}
}

declare module "solid-js" {
	export namespace JSX {
		interface HTMLAttributes<T> {
			class?: string;
			ref?: T | ((element: T) => void);
		}
		interface IntrinsicElements {}
	}
}
