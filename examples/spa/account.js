// @ts-check
/** Where one is logged in, the life of the access token, and a call of the API. */
import { call, get, sallyport } from "./api.js";
import { byId, element, say } from "./dom.js";
import { failed, on } from "./forms.js";
import { notify, show } from "./screens.js";

const TIMES = ["iat", "exp", "auth_time"];
const BROWSERS = ["Edg", "Firefox", "Chrome", "Safari"]; // most name others, too: the first that fits
const SYSTEMS = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"];

/** The access token's life, in milliseconds. @type {{ jti: string, since: number, life: number, refreshAt: number } | null} */
let held = null;

on(byId("call"), "click", async () => {
  say("answer", JSON.stringify(await get("/auth/me")));
  await showToken();
});
document.addEventListener("visibilitychange", tick);
setInterval(tick, 1000);

/** Read everything anew. @returns {Promise<string>} the address of whoever is logged in */
export async function read() {
  const [me, { sessions }] = await Promise.all([get("/auth/me"), get("/auth/sessions")]);
  await showToken();
  say("email", me.email);
  say("own-email", me.email);
  say("cookies", document.cookie || "none");
  byId("sessions").replaceChildren(...sessions.map(session));
  return me.email;
}

export function openAccount() {
  show("account");
}

/** Show the access token's claims, which are no secret. The token is one, and is never shown. */
async function showToken() {
  const [, payload] = (await sallyport.accessToken()).split(".");
  const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
  if (claims.jti === held?.jti) return;
  const life = (claims.exp - claims.iat) * 1000;
  held = { jti: claims.jti, since: Date.now(), life, refreshAt: Date.now() + 0.8 * life };
  const written = (/** @type {[string, any]} */ [name, value]) => (TIMES.includes(name) ? time(value) : `${value}`);
  const rows = Object.entries(claims).map((claim) => [element("dt", claim[0]), element("dd", written(claim))]);
  byId("claims").replaceChildren(...rows.flat());
  tick();
}

/** Once a second: draw the token's life, and ask the client for a fresh one when it is time. A hidden tab needs none. */
function tick() {
  if (!held || document.hidden) return;
  const now = Date.now();
  const left = Math.max(0, held.since + held.life - now);
  const refreshIn = held.since + 0.8 * held.life - now;
  say("left", minutes(left));
  say("refreshes", `It is refreshed ${refreshIn > 0 ? `in ${minutes(refreshIn)}` : "as soon as Sallyport answers"}.`);
  byId("bar").style.setProperty("--left", `${left / held.life}`);
  if (now < held.refreshAt) return;
  held.refreshAt = now + 5000;
  showToken().then(() => notify(""), failed);
}

/** @typedef {{ sid: string, user_agent: string, ip: string, created_at: number, expires_at: number, current: boolean }} Session */

/** @param {Session} session */
function session({ sid, user_agent, ip, created_at, expires_at, current }) {
  const entry = element("li", "", current ? "current" : "");
  entry.dataset.sid = sid;
  const name = element("b", device(user_agent));
  name.title = user_agent;
  entry.append(name, current ? element("mark", "here") : endButton(sid, `${device(user_agent)}, ${ip}`));
  entry.append(element("span", `${ip}, since ${time(created_at)}`), element("span", `until ${time(expires_at)}`));
  return entry;
}

/** @param {string} sid @param {string} where */
function endButton(sid, where) {
  const button = /** @type {HTMLButtonElement} */ (element("button", "End"));
  button.type = "button";
  button.ariaLabel = `End the session of ${where}`;
  on(button, "click", async () => {
    await call(`/auth/sessions/${sid}`, "DELETE");
    button.closest("li")?.remove();
    byId("sessions-heading").focus();
  });
  return button;
}

/** @param {string} agent */
function device(agent) {
  const [browser, system] = [BROWSERS, SYSTEMS].map((names) => names.find((name) => agent.includes(name)));
  return `${browser?.replace("Edg", "Edge") ?? "A program"}${system ? ` on ${system}` : ""}`;
}

/** @param {number} seconds */
function time(seconds) {
  return new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** @param {number} milliseconds */
function minutes(milliseconds) {
  const seconds = Math.ceil(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
