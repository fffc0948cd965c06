// @ts-check
/** For developers: the life of the access token, its claims, and every call. A page of yours does without it. */
import { byId, element, say } from "./dom.js";
import { endedElsewhere, onClick } from "./forms.js";
import { accessToken, LoggedOut, me, isLocal, onCall, url } from "./session.js";

/** @type {Record<string, string>} */
const MEANINGS = {
  "POST /auth/login 200": "logged in",
  "POST /auth/refresh 200": "a new access token",
  "POST /auth/refresh 401": "nobody is logged in",
  "POST /auth/refresh 0": "the refresh token is kept",
  "POST /auth/password/change 200": "new tokens for this session alone",
  "POST /auth/email/change 202": "a mail is on its way",
  "POST /auth/email/confirm 204": "the login name has moved",
};
const TIMES = ["iat", "exp", "auth_time"];
const KEPT = 12;

const drawer = /** @type {HTMLDialogElement} */ (byId("drawer"));
const opener = byId("open-drawer");
/** The access token's life, in milliseconds. @type {{ jti: string, since: number, life: number, refreshAt: number } | null} */
let held = null;

opener.addEventListener("click", () => (drawer.open ? drawer.close() : open()));
byId("close-drawer").addEventListener("click", () => drawer.close());
drawer.addEventListener("keydown", ({ key }) => key === "Escape" && drawer.close());
drawer.addEventListener("close", () => {
  opener.ariaExpanded = "false";
  opener.focus();
});
onClick(byId("call"), async () => {
  say("answer", JSON.stringify(await me()));
  await showToken();
});
onCall(list);
document.addEventListener("visibilitychange", tick);
setInterval(tick, 1000);
if (isLocal && url === location.origin) byId("outbox").hidden = false; // shown to no page of another origin

/** Show the access token's claims, which are no secret. The token is one, and is never shown. */
export async function showToken() {
  const [, payload] = (await accessToken()).split(".");
  const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
  if (claims.jti === held?.jti) return;
  const life = (claims.exp - claims.iat) * 1000;
  held = { jti: claims.jti, since: Date.now(), life, refreshAt: Date.now() + 0.8 * life };
  const written = (/** @type {[string, any]} */ [name, value]) => (TIMES.includes(name) ? time(value) : `${value}`);
  const rows = Object.entries(claims).map((claim) => [element("dt", claim[0]), element("dd", written(claim))]);
  byId("claims").replaceChildren(...rows.flat());
  say("cookies", document.cookie || "none");
  tick();
}

/** Forget the token's life: the page is left. */
export function nobody() {
  held = null;
}

/** Beside the page where there is room, else above it. */
function open() {
  if (matchMedia("(width < 64rem)").matches) drawer.showModal();
  else drawer.show();
  opener.ariaExpanded = "true";
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
  showToken().catch((error) => error instanceof LoggedOut && endedElsewhere(error)); // what else failed is in the list
}

/** @param {import("./session.js").Call} call */
function list({ line, status, took }) {
  const away = `is Sallyport on ${url}, with ${location.origin} in its ALLOWED_ORIGINS?`;
  const meaning = MEANINGS[`${line} ${status}`] ?? (status === 403 ? "refused" : status ? "" : away);
  const entry = element("li", "", status >= 200 && status < 300 ? "good" : "bad");
  const about = element("span", [new Date().toLocaleTimeString(), `${took.toFixed()} ms`, meaning].filter(Boolean).join(" · "));
  entry.append(element("code", line), element("b", `${status || "no answer"}`), about);
  byId("calls").prepend(entry);
  while (byId("calls").childElementCount > KEPT) byId("calls").lastElementChild?.remove();
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
