// The line below the header that says what is wrong.

import { element } from "./elements.js";

export class Banner {
  #root;

  constructor(root) {
    this.#root = root;
  }

  show(text) {
    this.#fill("notice", text);
  }

  /** `action` is the text of a button that calls `onAction`. */
  showError(text, action = null, onAction = null) {
    const button = action && element("button", { type: "button" }, action);
    button?.addEventListener("click", onAction);
    this.#fill("error", text, ...(button ? [button] : []));
  }

  hide() {
    this.#root.hidden = true;
    this.#root.replaceChildren();
  }

  #fill(kind, ...content) {
    this.#root.dataset.kind = kind;
    this.#root.hidden = false;
    this.#root.replaceChildren(...content);
  }
}
