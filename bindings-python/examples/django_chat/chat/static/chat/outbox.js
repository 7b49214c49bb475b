// Messages that the server has not acknowledged yet.

/**
 * Keeps every message until the server has it, through lost connections and reloads of the page,
 * and sends them one after the other, so they arrive in the order they were written. A message
 * carries an id of our own: sent twice because an answer was lost, it is saved once.
 *
 * Fires `sent` (detail: the server's message) and `failed` (detail: the entry).
 */
export class Outbox extends EventTarget {
  #connection;
  #storageKey;
  #entries;
  #sending = false;

  constructor(connection, user) {
    super();
    this.#connection = connection;
    this.#storageKey = `outbox of ${user}`;
    this.#entries = JSON.parse(sessionStorage.getItem(this.#storageKey) ?? "[]");
  }

  entriesIn(room) {
    return this.#entries.filter((entry) => entry.room === room);
  }

  /** Returns the new entry: `{ clientId, room, text, created, error }`. */
  add(room, text) {
    const entry = {
      clientId: uuid(),
      room,
      text,
      created: new Date().toISOString(),
      error: null,
    };
    this.#entries.push(entry);
    this.#save();
    this.flush();
    return entry;
  }

  /** Tries a message again that the server had refused. */
  retry(clientId) {
    for (const entry of this.#entries) {
      if (entry.clientId === clientId) {
        entry.error = null;
      }
    }
    this.#save();
    this.flush();
  }

  discard(clientId) {
    this.#entries = this.#entries.filter((entry) => entry.clientId !== clientId);
    this.#save();
  }

  /** Sends what is waiting, as long as there is a connection. */
  async flush() {
    if (this.#sending) {
      return;
    }
    this.#sending = true;
    try {
      let entry;
      while (this.#connection.isConnected && (entry = this.#next())) {
        await this.#send(entry);
      }
    } finally {
      this.#sending = false;
    }
  }

  #next() {
    return this.#entries.find((entry) => entry.error === null);
  }

  async #send(entry) {
    let answer;
    try {
      answer = await this.#connection.request("message", {
        clientId: entry.clientId,
        room: entry.room,
        text: entry.text,
      });
    } catch {
      // No answer: the loop sends it again, now or when the connection is back.
      return;
    }
    if (answer.ok) {
      this.discard(entry.clientId);
      this.dispatchEvent(new CustomEvent("sent", { detail: answer.message }));
    } else if (answer.retryAfter) {
      await new Promise((resolve) => setTimeout(resolve, answer.retryAfter * 1000));
    } else {
      entry.error = answer.error;
      this.#save();
      this.dispatchEvent(new CustomEvent("failed", { detail: entry }));
    }
  }

  #save() {
    sessionStorage.setItem(this.#storageKey, JSON.stringify(this.#entries));
  }
}

function uuid() {
  // crypto.randomUUID exists on secure origins only, and a laptop's address on the LAN is none.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40; // RFC 9562, section 5.4: version 4,
  bytes[8] = (bytes[8] & 0x3f) | 0x80; // and the variant.
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
