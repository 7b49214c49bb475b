// One message of the log.

import { avatar, element, icon, spoken } from "./elements.js";

/**
 * Builds the list item of a message of the server, or of an entry of the outbox (which has no
 * `id`). `user` is who looks at it.
 */
export function messageItem(message, user) {
  const author = message.author ?? user;
  const item = element(
    "li",
    { class: "message", "data-author": author, "data-own": author === user },
    avatar(author),
    element(
      "div",
      { class: "message-body" },
      element("p", { class: "message-author" }, author),
      element(
        "div",
        { class: "bubble" },
        element("p", { class: "message-text", dir: "auto" }, ...withLinks(message.text)),
        element(
          "span",
          { class: "message-meta" },
          element("time"),
          element("span", { class: "message-state" }),
        ),
      ),
    ),
  );
  update(item, message);
  return item;
}

/** Takes over what the server says about a message: for one of ours, that it exists and since when. */
export function update(item, message) {
  item.messageId = message.id;
  item.created = new Date(message.created);
  const time = item.querySelector("time");
  time.dateTime = message.created;
  time.title = FULL.format(item.created);
  time.textContent = TIME.format(item.created);
  setState(item, stateOf(message));
}

/** "pending", "sent", "delivered" or "failed". The ticks are the author's alone. */
export function setState(item, state) {
  item.dataset.state = state;
  if ("own" in item.dataset) {
    const { symbol, text } = STATES[state];
    item.querySelector(".message-state").replaceChildren(icon(symbol, "icon tick"), spoken(text));
  }
}

/** Says below the message why it was refused, and offers both ways out. */
export function showFailure(item, error, { onRetry, onDiscard }) {
  setState(item, "failed");
  const retry = element("button", { type: "button" }, "Try again");
  const discard = element("button", { type: "button" }, "Delete");
  retry.addEventListener("click", onRetry);
  discard.addEventListener("click", onDiscard);
  hideFailure(item);
  item
    .querySelector(".message-body")
    .append(element("p", { class: "message-failure", role: "alert" }, error, retry, discard));
}

export function hideFailure(item) {
  item.querySelector(".message-failure")?.remove();
}

/** Groups the item with the one above it: a heading for a new day, one name for a run of messages. */
export function arrange(item) {
  const above = item.previousElementSibling;
  item.querySelector(".message-day")?.remove();
  const sameDay = above && above.created.toDateString() === item.created.toDateString();
  if (!sameDay) {
    item.prepend(element("p", { class: "message-day" }, dayOf(item.created)));
  }
  const continued =
    sameDay &&
    above.dataset.author === item.dataset.author &&
    item.created - above.created < RUN;
  item.toggleAttribute("data-continued", Boolean(continued));
}

function stateOf(message) {
  if (message.id === undefined) {
    return "pending";
  }
  return message.delivered ? "delivered" : "sent";
}

function withLinks(text) {
  // The pattern matches nothing but http and https, so no other scheme can become a link.
  return text
    .split(LINK)
    .map((part, index) =>
      index % 2 ? element("a", { href: part, target: "_blank", rel: "noopener noreferrer nofollow" }, part) : part,
    );
}

function dayOf(date) {
  const day = new Date(date).setHours(0, 0, 0, 0);
  const today = new Date().setHours(0, 0, 0, 0);
  // Rounded, because the day on which the clocks change has 23 or 25 hours.
  const daysAgo = Math.round((today - day) / (24 * 60 * 60 * 1000));
  return daysAgo < 2 ? capitalised(RELATIVE.format(-daysAgo, "day")) : DAY.format(date);
}

function capitalised(text) {
  return text[0].toLocaleUpperCase() + text.slice(1);
}

const STATES = {
  pending: { symbol: "clock", text: "Waiting to be sent" },
  sent: { symbol: "tick", text: "Sent" },
  delivered: { symbol: "ticks", text: "Delivered" },
  failed: { symbol: "alert", text: "Not sent" },
};
const RUN = 5 * 60 * 1000; // milliseconds
const LINK = /(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}])/;
const LANGUAGE = document.documentElement.lang;
const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat(LANGUAGE, { weekday: "long", day: "numeric", month: "long" });
const RELATIVE = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "auto" });
