/**
 * Notices when another script removes or adds nodes in an answer that is still being written: a
 * translator, a browser extension, the page. Text changed in place is not observed, because the
 * writer's own text would cost a record each time. Knows no Markdown and repairs nothing.
 */

/** The renderer's own asynchronous changes: typeset formulas and the label of the copy button. */
const ownPlaces = "[part~=math], button";

const isInOwnPlace = ({ target }: MutationRecord) =>
	target instanceof Element && target.closest(ownPlaces) !== null;

export class ForeignChanges {
	readonly #root: HTMLElement;
	readonly #observer = new MutationObserver((records) => this.#judge(records));
	#found = false;

	constructor(root: HTMLElement) {
		this.#root = root;
		this.#observer.observe(root, {
			childList: true,
			subtree: true,
		});
	}

	/** Whether nodes were changed that the writer still needs. To be called before the writer writes. */
	found(): boolean {
		this.#judge(this.#observer.takeRecords());
		return this.#found;
	}

	/** Discards the records of the writer's own changes. To be called after the writer has written. */
	skipOwn() {
		this.#observer.takeRecords();
	}

	stop() {
		this.#observer.disconnect();
	}

	/**
	 * A translation of closed blocks may stay. A node removed without a replacement is lost text, and
	 * in the last block the writer relies on every node.
	 */
	#judge(records: readonly MutationRecord[]) {
		this.#found ||= records.some((record) => {
			const { target, addedNodes, removedNodes } = record;
			const isLoss = removedNodes.length > 0 && addedNodes.length === 0;
			const isOpen =
				target === this.#root || this.#root.lastChild?.contains(target);
			return (isLoss || isOpen) && !isInOwnPlace(record);
		});
	}
}
