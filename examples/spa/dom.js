// @ts-check
/** Short words for what the page does to its document. Text goes in as text: the policy refuses markup from strings. */

/** @param {string} id */
export function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {string} id */
export function input(id) {
  return /** @type {HTMLInputElement} */ (byId(id));
}

/** @param {string} id @param {string} text */
export function say(id, text) {
  byId(id).textContent = text;
}

/** @param {string} tag @param {string} text @param {string} [className] */
export function element(tag, text, className = "") {
  return Object.assign(document.createElement(tag), { textContent: text, className });
}
