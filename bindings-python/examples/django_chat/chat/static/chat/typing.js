// "alice is writing…": telling the others, and showing what they tell.

/** Tells the server that I write, at most once per interval, and when I stop. */
export class TypingNotifier {
  #connection;
  #lastTold = -Infinity;
  #stopTimer = null;

  constructor(connection) {
    this.#connection = connection;
  }

  wrote() {
    const now = performance.now();
    if (now - this.#lastTold > TELL_EVERY) {
      this.#lastTold = now;
      this.#connection.tell("typing", { active: true });
    }
    clearTimeout(this.#stopTimer);
    this.#stopTimer = setTimeout(() => this.stop(), STOPS_AFTER);
  }

  stop() {
    clearTimeout(this.#stopTimer);
    if (this.#lastTold > -Infinity) {
      this.#lastTold = -Infinity;
      this.#connection.tell("typing", { active: false });
    }
  }
}

/** Shows who writes in this room. Whoever says nothing for a while has stopped. */
export class TypingIndicator {
  #root;
  #timers = new Map();

  constructor(root) {
    this.#root = root;
  }

  set(name, active) {
    clearTimeout(this.#timers.get(name));
    if (active) {
      this.#timers.set(name, setTimeout(() => this.set(name, false), FORGOTTEN_AFTER));
    } else {
      this.#timers.delete(name);
    }
    this.#show();
  }

  clear() {
    this.#timers.forEach((timer) => clearTimeout(timer));
    this.#timers.clear();
    this.#show();
  }

  #show() {
    const names = [...this.#timers.keys()].sort();
    this.#root.dataset.active = String(names.length > 0);
    // An empty sentence would vanish before the line has faded out.
    if (names.length > 0) {
      this.#root.querySelector(".typing-text").textContent = sentence(names);
    }
  }
}

function sentence(names) {
  if (names.length > 3) {
    return "Several people are writing…";
  }
  return `${LIST.format(names)} ${names.length === 1 ? "is" : "are"} writing…`;
}

const TELL_EVERY = 2000; // milliseconds
const STOPS_AFTER = 3000;
const FORGOTTEN_AFTER = 5000;
const LIST = new Intl.ListFormat("en");
