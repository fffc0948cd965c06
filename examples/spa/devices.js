// @ts-check
/** Where one is logged in: this device first, then the one that was used last. */
import { byId, element } from "./dom.js";
import { onClick } from "./forms.js";
import { endDevice } from "./session.js";

/** @typedef {import("./session.js").Device} Device */

const BROWSERS = ["Edg", "Firefox", "Chrome", "Safari"]; // most name others, too: the first that fits
const SYSTEMS = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"];
const PHONES = ["Android", "iPhone", "iPad"];

/** @param {Device[]} devices */
export function showDevices(devices) {
  const sorted = [...devices].sort(
    (one, other) => +other.current - +one.current || other.last_used_at - one.last_used_at || other.created_at - one.created_at,
  );
  byId("sessions").replaceChildren(...sorted.map(row));
}

/** @param {Device} device */
function row(device) {
  const { sid, user_agent, ip, created_at, last_used_at, current } = device;
  const entry = element("li", "", `device ${PHONES.some((name) => user_agent.includes(name)) ? "phone" : "computer"}`);
  entry.dataset.sid = sid;
  const told = element("div", "");
  const name = element("b", nameOf(user_agent));
  name.title = user_agent;
  if (current) name.append(" ", element("mark", "This device"));
  const used = current ? "In use now" : `Last used ${moment(last_used_at)}`;
  told.append(name, element("span", `${used}, from ${ip}`), element("span", `Logged in ${moment(created_at)}`));
  entry.append(told);
  if (!current) addEnd(entry, sid, `${nameOf(user_agent)}, ${ip}`);
  return entry;
}

/** @param {HTMLElement} entry @param {string} sid @param {string} where */
function addEnd(entry, sid, where) {
  const button = /** @type {HTMLButtonElement} */ (element("button", "Log out", "plain"));
  button.type = "button";
  button.ariaLabel = `Log out ${where}`;
  button.id = `end-${sid}`;
  entry.append(button);
  onClick(button, async () => {
    await endDevice(sid);
    entry.remove();
    byId("sessions-heading").focus();
  });
}

/** @param {string} agent */
function nameOf(agent) {
  const [browser, system] = [BROWSERS, SYSTEMS].map((names) => names.find((name) => agent.includes(name)));
  return `${browser?.replace("Edg", "Edge") ?? "An app"}${system ? ` on ${system}` : ""}`;
}

/** @param {number} seconds */
function moment(seconds) {
  return new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
