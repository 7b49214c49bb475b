// The field one writes in.

/** Fires `write` at each change by hand, and `send` (detail: the text). Keeps a draft per room. */
export class Composer extends EventTarget {
  #form = document.getElementById("composer");
  #field = document.getElementById("composer-text");
  #count = document.getElementById("composer-count");
  #button = this.#form.querySelector("button");
  #maximumLength;
  #drafts = new Map();
  #room;

  constructor(maximumLength) {
    super();
    this.#maximumLength = maximumLength;
    this.#field.addEventListener("input", () => {
      this.#update();
      this.dispatchEvent(new Event("write"));
    });
    this.#field.addEventListener("keydown", (event) => {
      // While an input method composes, Enter chooses a word.
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#form.requestSubmit();
      }
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  open(room, roomName) {
    this.#drafts.set(this.#room, this.#field.value);
    this.#room = room;
    this.#field.value = this.#drafts.get(room) ?? "";
    this.#field.placeholder = `Write to ${roomName}`;
    this.#field.disabled = false;
    this.#update();
    // On a touch screen the keyboard would cover what one came to read.
    if (matchMedia("(pointer: fine)").matches) {
      this.#field.focus();
    }
  }

  get isEmpty() {
    return this.#field.value.trim() === "";
  }

  #send() {
    const text = this.#field.value.trim();
    if (text && this.#left() >= 0) {
      this.#field.value = "";
      this.#update();
      this.#field.focus();
      this.dispatchEvent(new CustomEvent("send", { detail: text }));
    }
  }

  #left() {
    // The server counts code points, a string's length counts UTF-16 units.
    return this.#maximumLength - [...this.#field.value.trim()].length;
  }

  #update() {
    const left = this.#left();
    this.#count.textContent = left < SHOW_COUNT_BELOW ? String(left) : "";
    this.#count.toggleAttribute("data-over", left < 0);
    this.#button.disabled = this.isEmpty || left < 0;
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }
}

const SHOW_COUNT_BELOW = 200;
