// @ts-check
/**
 * The example page. All that it knows of tokens is in sallyport.js; here is what people see and press.
 *
 * Whenever somebody else may be logged in, or nobody, the page reloads: nothing of the last user is left in memory.
 */
import { LoggedOut, Problem, Sallyport } from "./sallyport.js";

const TIMES = ["iat", "exp", "auth_time"];
const BROWSERS = ["Edg", "Firefox", "Chrome", "Safari"]; // most name others, too: the first that fits
const SYSTEMS = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"];

/** @type {Record<string, string>} */
const MEANINGS = {
  "POST /auth/login 200": "logged in",
  "POST /auth/refresh 200": "a new access token",
  "POST /auth/refresh 401": "nobody is logged in",
  "POST /auth/refresh 0": "the refresh token is kept",
};

/** No answer came. */
class Away extends Error {}

const { content: configured } = /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=sallyport-url]"));
// On a laptop, whichever of its two names the page was opened by: to the browser they are two sites.
const url = location.hostname === "localhost" ? configured.replace("//127.0.0.1:", "//localhost:") : configured;
const sallyport = new Sallyport({ url, mode: "cookie", fetch: listed });
const tabs = new BroadcastChannel("sallyport");

/** The access token's life, in milliseconds. @type {{ jti: string, since: number, life: number, refreshAt: number } | null} */
let held = null;

on(byId("login-form"), "submit", async () => {
  const form = new FormData(/** @type {HTMLFormElement} */ (byId("login-form")));
  try {
    await sallyport.login(String(form.get("email")), String(form.get("password")));
  } catch (error) {
    input("login-password").select();
    throw error;
  }
  input("login-password").value = "";
  tabs.postMessage("logged in");
  await open();
});
on(byId("demo"), "click", async () => {
  input("login-email").value = "demo@example.com";
  input("login-password").value = "correct horse battery staple";
  byId("log-in").focus();
});
on(byId("log-out"), "click", () => logOut({ everywhere: false }));
on(byId("log-out-everywhere"), "click", () => logOut({ everywhere: true }));
on(byId("try-again"), "click", start);
on(byId("call"), "click", async () => {
  say("answer", JSON.stringify(await get("/auth/me")));
  await showToken();
});
tabs.onmessage = ({ data }) => reload(data === "logged out" ? "You logged out in another tab." : "");
document.addEventListener("visibilitychange", tick);
setInterval(tick, 1000);
start();

/** After a reload the cookie is all that is left, and it is enough. */
async function start() {
  say("notice", history.state?.notice ?? "");
  history.replaceState(null, "");
  try {
    await open();
  } catch (error) {
    if (error instanceof LoggedOut) return show("login");
    show("away");
    say("notice", inWords(error));
  }
}

async function open() {
  const [me, { sessions }] = await Promise.all([get("/auth/me"), get("/auth/sessions")]);
  await showToken();
  say("email", me.email);
  say("cookies", document.cookie || "none");
  byId("sessions").replaceChildren(...sessions.map(session));
  show("account");
}

/** @param {{ everywhere: boolean }} how */
async function logOut(how) {
  await sallyport.logout(how);
  tabs.postMessage("logged out");
  reload(how.everywhere ? "You are logged out, here and everywhere else." : "You are logged out.");
}

/** @param {string} path */
async function get(path) {
  return (await call(path)).json();
}

/** Call the API. @param {string} path @param {string} [method] */
async function call(path, method = "GET") {
  const answer = await sallyport.fetch(url + path, { method });
  if (answer.ok) return answer;
  throw new Problem(answer.status, await answer.json());
}

/** What the client calls in place of fetch: it keeps the list of calls. @type {typeof fetch} */
async function listed(what, init) {
  const request = what instanceof Request ? what : { url: `${what}`, method: init?.method };
  const line = `${request.method ?? "GET"} ${request.url.replace(url, "")}`;
  const began = performance.now();
  try {
    const answer = await fetch(what, init);
    list(line, answer.status, performance.now() - began);
    return answer;
  } catch {
    list(line, 0, performance.now() - began);
    throw new Away();
  }
}

/** @param {string} line @param {number} status 0: no answer @param {number} took milliseconds */
function list(line, status, took) {
  const meaning = MEANINGS[`${line} ${status}`] ?? (status === 403 ? "refused: refresh once, repeat once" : "");
  const entry = element("li", "", status >= 200 && status < 300 ? "good" : "bad");
  const when = new Date().toLocaleTimeString();
  entry.append(element("time", when), element("code", line), element("b", `${status || "no answer"}`));
  entry.append(element("span", meaning), element("small", `${took.toFixed()} ms`));
  byId("calls").prepend(entry);
  while (byId("calls").childElementCount > 8) byId("calls").lastElementChild?.remove();
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
  showToken().then(() => say("notice", ""), failed);
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

/** @param {unknown} error */
function failed(error) {
  if (error instanceof LoggedOut) return reload("You are logged out: this session was ended elsewhere, or is over.");
  say("notice", inWords(error));
}

/** Say what people can do about it. What is no answer of Sallyport's is a fault of this page. @param {unknown} error */
function inWords(error) {
  if (error instanceof Away) return `Nobody answers at ${url}. Is it running, with ${location.origin} in its ALLOWED_ORIGINS?`;
  if (error instanceof DOMException) return "This browser keeps nothing for this page. Is it in a frame, or are cookies off?";
  if (!(error instanceof Problem)) throw error;
  if (error.code === "invalid_credentials") return "This e-mail address and this password do not belong together.";
  if (error.status === 429) return `Too many attempts. Try again in ${error.retryAfter ?? "a few"} seconds.`;
  if (error.status >= 500) return "Sallyport cannot answer just now. Try again in a moment.";
  return `Sallyport refused: ${error.message}.`;
}

/** @param {string} notice */
function reload(notice) {
  history.replaceState({ notice }, "");
  location.reload();
}

/** @param {"away" | "login" | "account"} view */
function show(view) {
  for (const id of ["away", "login", "account"]) byId(id).hidden = id !== view;
  byId("who").hidden = view !== "account";
  (view === "login" ? byId("login-email") : byId(view).querySelector("h2"))?.focus();
}

/** Do what a control stands for, one at a time. @param {HTMLElement} control @param {string} event @param {() => Promise<void>} run */
function on(control, event, run) {
  control.addEventListener(event, async (happened) => {
    happened.preventDefault();
    if (control.ariaBusy === "true") return;
    control.ariaBusy = "true";
    say("notice", "");
    await run().catch(failed).finally(() => (control.ariaBusy = "false"));
  });
}

/** @param {string} id */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {string} id */
function input(id) {
  return /** @type {HTMLInputElement} */ (byId(id));
}

/** @param {string} id @param {string} text */
function say(id, text) {
  byId(id).textContent = text;
}

/** @param {string} tag @param {string} text @param {string} [className] */
function element(tag, text, className = "") {
  return Object.assign(document.createElement(tag), { textContent: text, className });
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
