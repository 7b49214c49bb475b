// Who is online, and where.

import { avatar, element } from "./elements.js";

export class People {
  #user;
  #roomName;
  #list = document.getElementById("people");
  #counts = [document.getElementById("people-count"), document.getElementById("people-count-badge")];

  constructor({ user, roomName }) {
    this.#user = user;
    this.#roomName = roomName;
  }

  /** `people` as the server tells them: `[{ name, rooms }]`. */
  show(people) {
    this.#list.replaceChildren(...people.map((person) => this.#item(person)));
    for (const count of this.#counts) {
      count.textContent = String(people.length);
    }
  }

  #item({ name, rooms }) {
    return element(
      "li",
      { class: "person", "data-name": name },
      avatar(name),
      element("span", { class: "person-name" }, name === this.#user ? `${name} (you)` : name),
      element("span", { class: "person-rooms" }, `in ${rooms.map(this.#roomName).join(", ")}`),
    );
  }
}
