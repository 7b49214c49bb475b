// The messages of the room one is in, oldest first, and below them those still on their way.

import { arrangeBelow, hideFailure, messageItem, setState, showFailure } from "./message.js";

export class MessageLog {
  #user;
  #onRetry;
  #onDiscard;
  #log = document.getElementById("log");
  #list = document.getElementById("messages");
  #empty = document.getElementById("empty");
  #earlier = document.getElementById("earlier");
  #newer = document.getElementById("newer");
  /** The items the server knows, by id, and those it does not, by client id. */
  #saved = new Map();
  #pending = new Map();
  /** A second tick can overtake the answer that brings the message's id. */
  #deliveredEarly = new Set();

  constructor({ user, onRetry, onDiscard, onEarlier }) {
    this.#user = user;
    this.#onRetry = onRetry;
    this.#onDiscard = onDiscard;
    this.#earlier.addEventListener("click", onEarlier);
    this.#newer.addEventListener("click", () => this.#scrollToEnd());
    this.#log.addEventListener("scroll", () => {
      if (this.#isAtEnd()) {
        this.#newer.hidden = true;
      }
    });
    // A soft keyboard or a growing composer takes height from below: keep the end in sight.
    let atEnd = true;
    this.#log.addEventListener("scroll", () => (atEnd = this.#isAtEnd()));
    new ResizeObserver(() => atEnd && this.#scrollToEnd()).observe(this.#log);
  }

  get firstId() {
    return this.#saved.size ? Math.min(...this.#saved.keys()) : null;
  }

  get lastId() {
    return this.#saved.size ? Math.max(...this.#saved.keys()) : null;
  }

  /** Empties the log for another room, until its history arrives. */
  clear(roomName) {
    this.#saved.clear();
    this.#pending.clear();
    this.#list.replaceChildren();
    this.#earlier.hidden = true;
    this.#newer.hidden = true;
    this.#empty.hidden = true;
    this.#log.setAttribute("aria-busy", "true");
    this.#log.setAttribute("aria-label", roomName ? `Messages in ${roomName}` : "Messages");
  }

  /** The server's newest messages after `lastId`; with `more` there are others in between. */
  addHistory(messages, more, waiting) {
    const isFirst = this.#saved.size === 0;
    if (more && !isFirst) {
      // Too much was missed to close the gap: start anew from the end.
      this.#saved.clear();
      this.#pending.clear();
      this.#list.replaceChildren();
    }
    if (isFirst || more) {
      this.#earlier.hidden = !more;
    }
    for (const message of messages) {
      this.#insert(message);
    }
    for (const entry of waiting) {
      this.addPending(entry);
    }
    this.#log.setAttribute("aria-busy", "false");
    this.#showEmptiness();
    if (isFirst || more) {
      this.#scrollToEnd();
    }
  }

  /** A page of older messages, above the ones shown and without moving them. */
  addEarlier(messages, more) {
    const fromEnd = this.#log.scrollHeight - this.#log.scrollTop;
    for (const message of messages) {
      this.#insert(message);
    }
    this.#earlier.hidden = !more;
    this.#log.scrollTop = this.#log.scrollHeight - fromEnd;
  }

  /** A message that was sent just now, by anybody. */
  add(message) {
    const wasAtEnd = this.#isAtEnd();
    this.#insert(message)?.setAttribute("data-new", "");
    this.#showEmptiness();
    this.#follow(wasAtEnd || message.author === this.#user);
  }

  /** An entry of the outbox. */
  addPending(entry) {
    if (this.#pending.has(entry.clientId)) {
      return;
    }
    const item = messageItem(entry, this.#user);
    this.#pending.set(entry.clientId, item);
    this.#list.append(item);
    arrangeBelow(item, item.previousElementSibling);
    if (entry.error) {
      this.fail(entry);
    }
    this.#showEmptiness();
    this.#scrollToEnd();
  }

  /** The server refused an entry of the outbox. */
  fail(entry) {
    const item = this.#pending.get(entry.clientId);
    if (item) {
      showFailure(item, entry.error, {
        onRetry: () => {
          hideFailure(item);
          setState(item, "pending");
          this.#onRetry(entry.clientId);
        },
        onDiscard: () => {
          this.#removePending(entry.clientId);
          this.#showEmptiness();
          this.#onDiscard(entry.clientId);
        },
      });
    }
  }

  markDelivered(ids) {
    for (const id of ids) {
      const item = this.#saved.get(id);
      if (item) {
        setState(item, "delivered");
      } else {
        this.#deliveredEarly.add(id);
      }
    }
  }

  /** Puts the message where its id belongs; returns the new item, or nothing if it was there. */
  #insert(message) {
    if (this.#saved.has(message.id)) {
      return null;
    }
    this.#removePending(message.clientId);
    const item = messageItem(message, this.#user);
    if (this.#deliveredEarly.delete(message.id)) {
      setState(item, "delivered");
    }
    item.messageId = message.id;
    this.#saved.set(message.id, item);
    this.#list.insertBefore(item, this.#itemAfter(message.id));
    arrangeBelow(item, item.previousElementSibling);
    if (item.nextElementSibling) {
      arrangeBelow(item.nextElementSibling, item);
    }
    return item;
  }

  #itemAfter(id) {
    // Nearly always the end, so searched from there; pending items have no id and stay below.
    let next = null;
    for (let item = this.#list.lastElementChild; item; item = item.previousElementSibling) {
      if (item.messageId < id) {
        break;
      }
      next = item;
    }
    return next;
  }

  #removePending(clientId) {
    const item = this.#pending.get(clientId);
    if (item) {
      const below = item.nextElementSibling;
      const above = item.previousElementSibling;
      item.remove();
      this.#pending.delete(clientId);
      if (below) {
        arrangeBelow(below, above);
      }
    }
  }

  #showEmptiness() {
    this.#empty.hidden = this.#list.childElementCount > 0;
  }

  #follow(follows) {
    if (follows) {
      this.#scrollToEnd();
    } else {
      this.#newer.hidden = false;
    }
  }

  #isAtEnd() {
    return this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < NEAR_THE_END;
  }

  #scrollToEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#newer.hidden = true;
  }
}

const NEAR_THE_END = 80; // pixels
