// @ts-check
/**
 * One screen at a time. Which one, and what it needs after a reload, is the history's state; so the back button works, and a
 * phone may drop the page while its owner reads the mail. No token, code or password is ever in there.
 *
 * @typedef {object} State
 * @property {string} [screen]
 * @property {string} [kind]  Of the mail: `verify`, `reset` or `confirm`.
 * @property {string} [request]  The mail request that the code is for.
 * @property {number} [minutes]  How long its code works.
 * @property {string} [email]
 * @property {boolean} [byLink]
 * @property {string} [notice]  Shown once.
 * @property {boolean} [isGood]  What the notice says.
 */
import { byId, say } from "./dom.js";

const SCREENS = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("main > [data-screen]")]);
const OWN = ["account", "change-password", "change-email", "confirm", "delete"];

/** Which screen is shown. */
export let shown = "";

/** Show a screen, and put the reader at its start. @param {string} id @param {HTMLElement} [focused] */
export function show(id, focused) {
  shown = id;
  for (const screen of SCREENS) screen.hidden = screen.id !== id;
  byId("log-out").hidden = byId("token").hidden = !isOwn(id);
  const heading = /** @type {HTMLElement} */ (byId(id).querySelector("h2"));
  document.title = `${heading.textContent} · Sallyport`;
  scrollTo(0, 0);
  (focused ?? heading).focus({ preventScroll: true });
}

/** Tell whether a screen is for somebody who is logged in. @param {string} id */
export function isOwn(id) {
  return OWN.includes(id);
}

/** Show another screen, from which one can go back. @param {State} state */
export function go(state) {
  history.pushState(state, "", "/");
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Show another screen in place of this one: what was done here is done. @param {State} state */
export function replace(state) {
  history.replaceState(state, "", "/");
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Begin anew, with nothing of the last user left in memory. @param {State} state */
export function reload(state) {
  history.replaceState(state, "", "/");
  location.reload();
}

/** @param {string} text @param {boolean} [isGood] */
export function notify(text, isGood = false) {
  byId("notice").classList.toggle("good", isGood);
  say("notice", text);
}
