// The socket: its state, its transport, and requests that are answered or fail.

/**
 * Fires `change` whenever `state` or `transport` may have changed, and `ready` at each connection.
 *
 * `state` is "connecting", "connected", "reconnecting" or "refused" (then `refusal` says why).
 * `transport` is "polling" or "websocket" while connected, else `null`.
 */
export class Connection extends EventTarget {
  state = "connecting";
  transport = null;
  refusal = "";

  /** `transports` in the order to try; `onSignedOut` is called when the session is not valid. */
  constructor({ transports, onSignedOut }) {
    super();
    this.socket = io({ transports, autoConnect: false });
    this.socket.on("connect", () => {
      this.#become("connected");
      this.socket.io.engine.on("upgrade", () => this.#become("connected"));
      this.dispatchEvent(new Event("ready"));
    });
    this.socket.on("disconnect", (reason) => {
      this.#become("reconnecting");
      if (reason === "io server disconnect") {
        // The client leaves this case to us. Asking again tells a sign-out from a restart.
        this.socket.connect();
      }
    });
    this.socket.on("connect_error", (error) => {
      if (error.data?.code === "signed_out") {
        onSignedOut();
      } else if (this.socket.active) {
        this.#become(this.state === "connecting" ? "connecting" : "reconnecting");
      } else {
        this.#become("refused", error.message);
      }
    });
  }

  get isConnected() {
    return this.state === "connected";
  }

  connect() {
    this.#become("connecting");
    this.socket.connect();
  }

  on(event, listener) {
    this.socket.on(event, listener);
  }

  /** Sends an event nobody waits for; dropped when there is no connection. */
  tell(event, payload) {
    if (this.isConnected) {
      this.socket.volatile.emit(event, payload);
    }
  }

  /** Sends an event and returns the server's answer; throws if the connection or the time is lost. */
  async request(event, payload) {
    if (!this.isConnected) {
      throw new Error("not connected");
    }
    return this.socket.timeout(ANSWER_TIMEOUT).emitWithAck(event, payload);
  }

  #become(state, refusal = "") {
    this.state = state;
    this.refusal = refusal;
    this.transport = state === "connected" ? this.socket.io.engine.transport.name : null;
    this.dispatchEvent(new Event("change"));
  }
}

/** Shows the connection in the header, and a banner while there is none. */
export class ConnectionView {
  constructor(connection, header, banner) {
    const state = header.querySelector(".connection-state");
    const transport = header.querySelector(".connection-transport");
    connection.addEventListener("change", () => {
      header.dataset.state = connection.state;
      header.dataset.transport = connection.transport ?? "";
      state.textContent = STATES[connection.state];
      transport.textContent = TRANSPORTS[connection.transport] ?? "";
      if (connection.state === "reconnecting") {
        banner.show("Connection lost, trying again. What you write now is sent as soon as it is back.");
      } else if (connection.state === "refused") {
        banner.showError(connection.refusal, "Try again", () => connection.connect());
      } else if (connection.isConnected) {
        banner.hide();
      }
    });
  }
}

const ANSWER_TIMEOUT = 10_000; // milliseconds
const STATES = {
  connecting: "Connecting…",
  connected: "Connected",
  reconnecting: "Reconnecting…",
  refused: "Not connected",
};
const TRANSPORTS = { polling: "Polling", websocket: "WebSocket" };
