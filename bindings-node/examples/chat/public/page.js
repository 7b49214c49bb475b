// What the page does with what it hears.

const $ = (id) => document.getElementById(id);
const TYPING_PAUSE = 1_500;

/** The stock client; it connects once there is a name. */
const socket = window.io({ autoConnect: false });
let room = "lobby";

// Coming in.

$("name").value = localStorage.getItem("name") ?? "";
$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("name").value.trim();
  localStorage.setItem("name", name);
  socket.auth = { name };
  socket.connect();
});

socket.on("connect", () => {
  $("door").hidden = true;
  $("chat").hidden = false;
  showTransport();
  // A new connection is in no room yet, also after a break.
  enter(room);
});

socket.on("connect_error", (error) => {
  if (!socket.active) {
    // The server has refused us, so the client does not try again by itself.
    $("door").hidden = false;
    $("chat").hidden = true;
  }
  $("refusal").textContent = socket.active ? "The server does not answer yet …" : error.message;
});

socket.on("disconnect", showTransport);
socket.io.on("open", () => socket.io.engine.on("upgrade", showTransport));

function showTransport() {
  const name = socket.connected ? socket.io.engine.transport.name : "offline";
  $("transport").textContent = name;
  $("transport").dataset.transport = name;
}

// Rooms and people.

async function enter(name) {
  const entered = await socket.emitWithAck("enter", name);
  room = entered.room;
  $("title").textContent = `#${room}`;
  $("messages").replaceChildren();
  typists.clear();
  showTypists();
  for (const message of entered.messages) {
    show(message);
  }
  $("text").focus();
}

socket.on("presence", ({ rooms, people }) => {
  $("rooms").replaceChildren(
    ...rooms.map((name) => {
      const count = people.filter((person) => person.room === name).length;
      const button = document.createElement("button");
      button.type = "button";
      button.append(`#${name}`, element("span", "quiet", String(count)));
      button.setAttribute("aria-current", String(name === room));
      button.addEventListener("click", () => enter(name));
      const item = document.createElement("li");
      item.append(button);
      return item;
    }),
  );
  $("people").replaceChildren(
    ...people
      .filter((person) => person.room === room)
      .map((person) => {
        const own = person.id === socket.id ? " (you)" : "";
        const item = element("li", "person", person.name + own);
        item.dataset.transport = person.transport;
        item.title = `connected by ${person.transport}`;
        return item;
      }),
  );
});

// Messages.

/** The ticks of our messages that not everybody has seen yet. */
const unseen = new Map();

$("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (text === "") {
    return;
  }
  $("text").value = "";
  stopTyping();
  const ticks = show({ name: socket.auth.name, text, time: Date.now() });
  const { id } = await socket.emitWithAck("say", text);
  ticks.textContent = "✓";
  ticks.title = "the server has it";
  unseen.set(id, ticks);
});

socket.on("message", (message, shown) => {
  show(message);
  shown();
});

socket.on("seen", (id, byAll) => {
  const ticks = unseen.get(id);
  unseen.delete(id);
  if (ticks !== undefined && byAll) {
    ticks.textContent = "✓✓";
    ticks.title = "everybody here has it";
    ticks.dataset.seen = "";
  }
});

/** Adds a message, and returns the place of its ticks. */
function show({ name, text, time }) {
  const item = $("message-template").content.cloneNode(true).firstElementChild;
  item.classList.toggle("mine", name === socket.auth.name);
  item.style.setProperty("--hue", hueOf(name));
  item.querySelector(".avatar").textContent = [...name][0].toUpperCase();
  item.querySelector(".name").textContent = name;
  item.querySelector(".text").textContent = text;
  const when = new Date(time);
  item.querySelector("time").dateTime = when.toISOString();
  item.querySelector("time").textContent = when.toLocaleTimeString([], { timeStyle: "short" });
  $("messages").append(item);
  item.scrollIntoView({ block: "end" });
  return item.querySelector(".ticks");
}

function hueOf(name) {
  let hue = 0;
  for (const character of name) {
    hue = (hue * 31 + character.codePointAt(0) * 97) % 360;
  }
  return hue;
}

// Who is typing.

const typists = new Set();
let typing;

$("text").addEventListener("input", () => {
  if (typing === undefined) {
    socket.emit("typing", true);
  }
  clearTimeout(typing);
  typing = setTimeout(stopTyping, TYPING_PAUSE);
});

function stopTyping() {
  if (typing !== undefined) {
    clearTimeout(typing);
    typing = undefined;
    socket.emit("typing", false);
  }
}

socket.on("typing", (name, whether) => {
  if (whether) {
    typists.add(name);
  } else {
    typists.delete(name);
  }
  showTypists();
});

function showTypists() {
  const names = [...typists];
  const verb = names.length === 1 ? "is" : "are";
  $("typing").textContent = names.length === 0 ? "" : `${names.join(", ")} ${verb} typing …`;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
