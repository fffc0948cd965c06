// @ts-check
/** Sallyport for this page: one client, and a list of everything that it calls. */
import { byId, element } from "./dom.js";
import { Problem, Sallyport } from "./sallyport/index.js";

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

/** No answer came. */
export class Away extends Error {}

const { content: configured } = /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=sallyport-url]"));
// On a laptop, whichever of its two names the page was opened by: to the browser they are two sites.
export const url = location.hostname === "localhost" ? configured.replace("//127.0.0.1:", "//localhost:") : configured;
export const sallyport = new Sallyport({ url, mode: "cookie", fetch: listed });

/** @param {string} path */
export async function get(path) {
  return (await call(path)).json();
}

/** Call the API. @param {string} path @param {string} [method] */
export async function call(path, method = "GET") {
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
  const meaning = MEANINGS[`${line} ${status}`] ?? (status === 403 ? "refused" : "");
  const entry = element("li", "", status >= 200 && status < 300 ? "good" : "bad");
  const when = new Date().toLocaleTimeString();
  entry.append(element("time", when), element("code", line), element("b", `${status || "no answer"}`));
  entry.append(element("span", meaning), element("small", `${took.toFixed()} ms`));
  byId("calls").prepend(entry);
  while (byId("calls").childElementCount > 8) byId("calls").lastElementChild?.remove();
}
