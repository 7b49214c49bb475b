// The messages of the room one is in, oldest first, and below them those still on their way.

import { arrange, hideFailure, messageItem, setState, showFailure, update } from "./message.js";

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
    const follows = isFirst || more || this.#isAtEnd();
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
    if (messages.length > 0) {
      this.#follow(follows);
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
    const follows = this.#isAtEnd() || message.author === this.#user;
    this.#insert(message, true);
    this.#showEmptiness();
    this.#follow(follows);
  }

  /** An entry of the outbox. */
  addPending(entry) {
    if (this.#pending.has(entry.clientId)) {
      return;
    }
    const item = messageItem(entry, this.#user);
    this.#pending.set(entry.clientId, item);
    this.#list.append(item);
    arrange(item);
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
          this.#discard(entry.clientId);
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

  /** Puts the message where its id belongs, once. One of ours is already there, waiting. */
  #insert(message, isNew = false) {
    if (this.#saved.has(message.id)) {
      return;
    }
    let item = this.#pending.get(message.clientId);
    if (item) {
      this.#pending.delete(message.clientId);
      hideFailure(item);
      update(item, message);
    } else {
      item = messageItem(message, this.#user);
      item.toggleAttribute("data-new", isNew);
    }
    if (this.#deliveredEarly.delete(message.id)) {
      setState(item, "delivered");
    }
    this.#saved.set(message.id, item);
    this.#place(item);
  }

  #place(item) {
    // Nearly always the end, so searched from there; pending items have no id and stay below.
    let next = null;
    for (let other = this.#list.lastElementChild; other; other = other.previousElementSibling) {
      if (other.messageId < item.messageId) {
        break;
      }
      if (other !== item) {
        next = other;
      }
    }
    const formerlyBelow = item.nextElementSibling;
    // Moving it to where it is would make screen readers announce it again.
    if (!item.isConnected || formerlyBelow !== next) {
      this.#list.insertBefore(item, next);
    }
    new Set([item, next, formerlyBelow]).forEach((moved) => moved && arrange(moved));
  }

  #discard(clientId) {
    const item = this.#pending.get(clientId);
    const below = item.nextElementSibling;
    item.remove();
    this.#pending.delete(clientId);
    if (below) {
      arrange(below);
    }
    this.#showEmptiness();
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
