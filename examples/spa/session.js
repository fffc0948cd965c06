// @ts-check
/**
 * Everything that this page asks of Sallyport. No other module knows the client, so that a page with another one changes this
 * file alone.
 *
 * @typedef {import("./sallyport.js").Proof} Proof  A link's token, or a code with the request that it was mailed for.
 * @typedef {{ request: string, minutes: number }} Mailed  Keep the request for the code. It works for so many minutes.
 * @typedef {{ email: string, created_at: number }} Me
 * @typedef {{ sid: string, user_agent: string, ip: string, created_at: number, last_used_at: number, current: boolean }} Device
 * @typedef {{ line: string, status: number, took: number }} Call  A status of 0 means that no answer came.
 */
import { LoggedOut, Problem, Sallyport } from "./sallyport.js";

export { LoggedOut, Problem };

/** No answer came, or one that is not Sallyport's. */
export class Away extends Error {}

const { content: configured } = /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=sallyport-url]"));
/** @type {Set<(call: Call) => void>} */
const listeners = new Set();
const tabs = new BroadcastChannel("sallyport");

export const url = urlOf(configured);

/** Whether this page is on its developer's machine, where `make dev` runs. */
export const isLocal = ["localhost", "127.0.0.1"].includes(location.hostname);

const sallyport = new Sallyport({ url, mode: "cookie", fetch: noted });

/** Log in. Answers whether this browser keeps it. @param {string} email @param {string} password */
export async function logIn(email, password) {
  await sallyport.login(email, password);
  tabs.postMessage("logged in");
  return { kept: true }; // this client cannot tell
}

/** Ask again who is logged in, after Sallyport was away. Answers whether somebody is. */
export async function resume() {
  try {
    await sallyport.accessToken();
    return true;
  } catch (error) {
    if (error instanceof LoggedOut) return false;
    throw error;
  }
}

/** Log out. Answers whether Sallyport has confirmed it. @param {{ everywhere: boolean }} how */
export async function logOut(how) {
  await sallyport.logout(how); // throws if it has not: then nobody is logged out
  tabs.postMessage("logged out");
  return { ended: true };
}

/** @param {string} email */
export async function register(email) {
  return mailed(await sallyport.register(email));
}

/** @param {Proof} proof @param {string} password */
export function openAccount(proof, password) {
  return sallyport.verifyEmail(proof, password);
}

/** @param {string} email */
export async function forgotPassword(email) {
  return mailed(await sallyport.forgotPassword(email));
}

/** @param {Proof} proof @param {string} password */
export function resetPassword(proof, password) {
  return sallyport.resetPassword(proof, password);
}

/** @param {string} current @param {string} next */
export function changePassword(current, next) {
  return sallyport.changePassword(current, next);
}

/** @param {string} email @param {string} password */
export async function changeEmail(email, password) {
  return mailed(await sallyport.changeEmail(email, password));
}

/** @param {Proof} proof */
export function confirmEmail(proof) {
  return sallyport.confirmEmail(proof);
}

/** @param {string} password */
export async function deleteAccount(password) {
  await sallyport.deleteAccount(password);
  tabs.postMessage("logged out");
}

/** @returns {Promise<Me>} */
export function me() {
  return get("/auth/me");
}

/** @returns {Promise<Device[]>} */
export async function devices() {
  return (await get("/auth/sessions")).sessions;
}

/** @param {string} sid */
export async function endDevice(sid) {
  await call(`/auth/sessions/${sid}`, "DELETE");
}

/** A good access token. It is a secret: the page shows its claims, and never the token. */
export function accessToken() {
  return sallyport.accessToken();
}

/** Hear of what other tabs did, or other devices. @param {(what: "logged in" | "logged out" | "ended") => void} run */
export function onElsewhere(run) {
  tabs.addEventListener("message", ({ data }) => run(data));
}

/** Hear of every call that is made. @param {(call: Call) => void} run */
export function onCall(run) {
  listeners.add(run);
}

/** @param {string} path */
async function get(path) {
  const answer = await call(path, "GET");
  return answer.json().catch(() => Promise.reject(new Away())); // a hotel's network answers with a page of its own
}

/** @param {string} path @param {string} method */
async function call(path, method) {
  const answer = await sallyport.fetch(url + path, { method });
  if (answer.ok) return answer;
  throw new Problem(answer.status, await answer.json().catch(() => ({})));
}

/** What the client calls in place of fetch, so that the page can tell what it calls. @type {typeof fetch} */
async function noted(what, init) {
  const request = what instanceof Request ? what : { url: `${what}`, method: init?.method };
  const line = `${request.method ?? "GET"} ${request.url.replace(url, "")}`;
  const began = performance.now();
  const note = (/** @type {number} */ status) => {
    for (const tell of listeners) tell({ line, status, took: performance.now() - began });
  };
  try {
    const answer = await fetch(what, init);
    note(answer.status);
    return answer;
  } catch {
    note(0);
    throw new Away();
  }
}

/** @param {{ request: string, expiresIn: number }} answer @returns {Mailed} */
function mailed({ request, expiresIn }) {
  return { request, minutes: Math.round(expiresIn / 60) };
}

/** Where Sallyport is. On a laptop by the name that the page was opened by: to the browser its two names are two sites. */
function urlOf(/** @type {string} */ configured) {
  const named = location.hostname === "localhost" ? configured.replace("//127.0.0.1:", "//localhost:") : configured;
  return new URL(named, location.origin).origin;
}
