// @ts-check
/**
 * Everything that this page asks of Sallyport. No other module knows the client, so that a page with another one changes this
 * file alone.
 *
 * @typedef {import("./sallyport/index.js").Proof} Proof  A link's token, or a code with the request that it was mailed for.
 * @typedef {{ request: string, minutes: number }} Mailed  Keep the request for the code. It works for so many minutes.
 * @typedef {{ email: string, created_at: number }} Me
 * @typedef {{ sid: string, user_agent: string, ip: string, created_at: number, last_used_at: number, current: boolean }} Device
 * @typedef {{ line: string, status: number, took: number }} Call  A status of 0 means that no answer came.
 */
import { LoggedOut, Problem, Sallyport, Unreachable as Away } from "./sallyport/index.js";

export { Away, LoggedOut, Problem };

const { content: configured } = /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=sallyport-url]"));
/** @type {Set<(call: Call) => void>} */
const listeners = new Set();

export const url = urlOf(configured);

/** Whether this page is on its developer's machine, where `make dev` runs. */
export const isLocal = ["localhost", "127.0.0.1"].includes(location.hostname);

const sallyport = new Sallyport({ url, mode: "cookie", fetch: noted });

/** Log in. Returns whether this browser keeps it. @param {string} email @param {string} password */
export function logIn(email, password) {
  return sallyport.login(email, password);
}

/** Ask again who is logged in, after Sallyport was away. Returns whether somebody is. */
export function resume() {
  return sallyport.resume();
}

/** Log out. Returns whether Sallyport has confirmed it. @param {{ everywhere: boolean }} how */
export function logOut(how) {
  return sallyport.logout(how);
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
export function deleteAccount(password) {
  return sallyport.deleteAccount(password);
}

/** @returns {Promise<Me>} */
export function me() {
  return sallyport.me();
}

/** @returns {Promise<Device[]>} */
export function devices() {
  return sallyport.sessions();
}

/** @param {string} sid */
export function endDevice(sid) {
  return sallyport.endSession(sid);
}

/** A good access token. It is a secret: the page shows its claims, and never the token. */
export function accessToken() {
  return sallyport.accessToken();
}

/** Hear of what other tabs did, or other devices. @param {(what: "logged in" | "logged out" | "ended") => void} run */
export function onElsewhere(run) {
  sallyport.on("login", ({ here }) => here || run("logged in"));
  sallyport.on("logout", ({ here }) => here || run("logged out"));
  sallyport.on("ended", ({ reason }) => reason === "ended" && run("ended"));
}

/** Hear of every call that is made. @param {(call: Call) => void} run */
export function onCall(run) {
  listeners.add(run);
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
  } catch (error) {
    note(0);
    throw error;
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
