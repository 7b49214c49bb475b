// The list of rooms, which one is open, and which have news.

import { element } from "./elements.js";

/** Fires `open` (detail: the slug) when another room is chosen, by a click or the back button. */
export class Rooms extends EventTarget {
  #rooms;
  #current;
  #unread = new Set();
  #list = document.getElementById("room-list");
  #unreadElsewhere = document.getElementById("unread-elsewhere");

  /** `rooms` is `{ slug: { name, topic } }`. */
  constructor(rooms, current) {
    super();
    this.#rooms = rooms;
    this.#current = current;
    this.#list.addEventListener("click", (event) => this.#clicked(event));
    window.addEventListener("popstate", () => this.#open(slugOf(location)));
    this.#show();
  }

  get current() {
    return this.#current;
  }

  name(slug) {
    return this.#rooms[slug]?.name ?? slug;
  }

  topic(slug) {
    return this.#rooms[slug]?.topic ?? "";
  }

  add({ slug, name, topic }) {
    this.#rooms[slug] = { name, topic };
    this.#show();
  }

  markUnread(slug) {
    if (slug !== this.#current) {
      this.#unread.add(slug);
      this.#show();
    }
  }

  #clicked(event) {
    const link = event.target.closest("a");
    const opensElsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (link && !opensElsewhere) {
      event.preventDefault();
      history.pushState(null, "", link.href);
      this.#open(link.dataset.slug);
    }
  }

  #open(slug) {
    this.#unread.delete(slug);
    this.#current = slug;
    this.#show();
    this.dispatchEvent(new CustomEvent("open", { detail: slug }));
  }

  #show() {
    const byName = Object.keys(this.#rooms).sort((a, b) => this.name(a).localeCompare(this.name(b)));
    this.#list.replaceChildren(...byName.map((slug) => element("li", {}, this.#link(slug))));
    this.#unreadElsewhere.hidden = this.#unread.size === 0;
  }

  #link(slug) {
    const unread = this.#unread.has(slug);
    return element(
      "a",
      {
        class: "room-link",
        // The query is kept: it may choose the transport.
        href: `/rooms/${slug}/${location.search}`,
        "data-slug": slug,
        "data-unread": unread,
        "aria-current": slug === this.#current ? "page" : null,
      },
      element("span", { class: "room-link-name" }, this.name(slug)),
      ...(unread ? [element("span", { class: "dot", role: "img", "aria-label": "New messages" })] : []),
    );
  }
}

function slugOf({ pathname }) {
  return pathname.split("/").at(-2);
}
