// The page: what each part does when another one, or the server, says something.

import { Banner } from "./banner.js";
import { Composer } from "./composer.js";
import { Connection, ConnectionView } from "./connection.js";
import { paintAvatar } from "./elements.js";
import { MessageLog } from "./message-log.js";
import { Outbox } from "./outbox.js";
import { People } from "./people.js";
import { Rooms } from "./rooms.js";
import { TypingIndicator, TypingNotifier } from "./typing.js";

function start() {
  const page = JSON.parse(document.getElementById("page").textContent);
  const banner = new Banner(document.getElementById("banner"));
  prepareNewRoomDialog();
  paintOwnAvatar();
  if (typeof io === "undefined") {
    banner.showError("The Socket.IO client could not be loaded.", "Reload", () => location.reload());
    return;
  }

  const connection = new Connection({ transports: page.transports, onSignedOut: goToSignIn });
  new ConnectionView(connection, document.getElementById("connection"), banner);
  const rooms = new Rooms(page.rooms, page.room);
  const people = new People({ user: page.user, roomName: (slug) => rooms.name(slug) });
  const composer = new Composer(page.maximumLength);
  const outbox = new Outbox(connection, page.user);
  const notifier = new TypingNotifier(connection);
  const indicator = new TypingIndicator(document.getElementById("typing"));
  const log = new MessageLog({
    user: page.user,
    onRetry: (clientId) => outbox.retry(clientId),
    onDiscard: (clientId) => outbox.discard(clientId),
    onEarlier: showEarlier,
  });
  let joining = Promise.resolve();

  // What the user does

  rooms.addEventListener("open", () => openRoom());
  composer.addEventListener("write", () => (composer.isEmpty ? notifier.stop() : notifier.wrote()));
  composer.addEventListener("send", ({ detail: text }) => {
    notifier.stop();
    log.addPending(outbox.add(rooms.current, text));
  });
  outbox.addEventListener("sent", ({ detail: message }) => addIfHere(message));
  outbox.addEventListener("failed", ({ detail: entry }) => log.fail(entry));

  // What the server says

  connection.addEventListener("ready", async () => {
    await join();
    outbox.flush();
  });
  connection.on("history", ({ room, messages, more }, received) => {
    if (room === rooms.current) {
      log.addHistory(messages, more, outbox.entriesIn(room));
    }
    received();
  });
  connection.on("message", (message, received) => {
    indicator.set(message.author, false);
    addIfHere(message);
    received?.();
  });
  connection.on("delivered", ({ ids }) => log.markDelivered(ids));
  connection.on("typing", ({ room, name, active }) => {
    if (room === rooms.current) {
      indicator.set(name, active);
    }
  });
  connection.on("people", (everybody) => people.show(everybody));
  connection.on("activity", ({ room }) => rooms.markUnread(room));
  connection.on("room_created", (room) => rooms.add(room));

  if (page.room === null) {
    showEmptyText("There is no room yet", "Create the first one with the plus sign beside “Rooms”.");
    document.getElementById("empty").hidden = false;
  } else {
    openRoom();
  }
  connection.connect();

  function openRoom() {
    const name = rooms.name(rooms.current);
    document.title = `${name} · sansocket chat`;
    document.getElementById("room-name").textContent = name;
    document.getElementById("room-topic").textContent = rooms.topic(rooms.current);
    document.getElementById("rooms-panel").hidePopover();
    showEmptyText(`Nothing in ${name} yet`, "Write the first message. Whoever comes later will find it here.");
    notifier.stop();
    indicator.clear();
    log.clear(name);
    composer.open(rooms.current, name);
    join();
  }

  function join() {
    // One at a time: the server handles requests side by side, and the last must have the last word.
    joining = joining.then(joinNow);
    return joining;
  }

  async function joinNow() {
    if (rooms.current === null) {
      return;
    }
    try {
      const answer = await connection.request("join", { room: rooms.current, after: log.lastId });
      if (!answer.ok) {
        banner.showError(answer.error, "Try again", join);
      }
    } catch {
      // Not connected, or not any more: "ready" joins again.
    }
  }

  async function showEarlier() {
    const room = rooms.current;
    try {
      const answer = await connection.request("earlier", { room, before: log.firstId });
      if (!answer.ok) {
        banner.showError(answer.error, "Try again", showEarlier);
      } else if (room === rooms.current) {
        log.addEarlier(answer.messages, answer.more);
      }
    } catch {
      // The button is still there to be pressed again.
    }
  }

  function addIfHere(message) {
    if (message.room === rooms.current) {
      log.add(message);
    }
  }
}

function goToSignIn() {
  const next = encodeURIComponent(location.pathname + location.search);
  location.assign(`/login/?expired&next=${next}`);
}

function showEmptyText(title, hint) {
  document.querySelector(".empty-title").textContent = title;
  document.querySelector(".empty-hint").textContent = hint;
}

function paintOwnAvatar() {
  const circle = document.querySelector("[data-avatar]");
  paintAvatar(circle, circle.dataset.avatar);
}

function prepareNewRoomDialog() {
  const dialog = document.getElementById("new-room");
  document.getElementById("new-room-button").addEventListener("click", () => dialog.showModal());
  document.getElementById("new-room-cancel").addEventListener("click", () => dialog.close());
  if ("open" in dialog.dataset) {
    dialog.showModal(); // The server refused the form, and says why in it.
  }
}

start();
