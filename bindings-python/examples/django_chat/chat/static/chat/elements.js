// Building elements. Text is only ever set as text, so nothing a user wrote becomes markup.

/** An element with attributes (`true` sets an empty one, `null` none) and children or strings. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) {
      made.setAttribute(attribute, value === true ? "" : value);
    }
  }
  made.append(...children);
  return made;
}

/** A symbol of icons.svg. */
export function icon(name, className = "icon") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${ICONS}#${name}`);
  svg.append(use);
  return svg;
}

/** A circle with the first letter of a name, in a colour of its own. */
export function avatar(name) {
  return paintAvatar(element("span", { class: "avatar", "aria-hidden": "true" }), name);
}

export function paintAvatar(circle, name) {
  let hue = 0;
  for (const character of name) {
    hue = (hue * 31 + character.codePointAt(0)) % 360;
  }
  circle.style.setProperty("--hue", String(hue));
  circle.textContent = [...name][0];
  return circle;
}

/** Text for one's eyes only when one cannot see. */
export function spoken(text) {
  return element("span", { class: "visually-hidden" }, text);
}

const SVG = "http://www.w3.org/2000/svg";
const ICONS = new URL("icons.svg", import.meta.url).pathname;
