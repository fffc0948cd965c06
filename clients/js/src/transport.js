// @ts-check
/** One call of Sallyport, and what an answer is. Nothing here knows who is logged in. */
import { SallyportError, Unreachable } from "./errors.js";

/** Milliseconds that anybody waits for the whole of what was asked. */
export const PATIENCE = 10_000;

/** What API Gateway says when it, or an authorizer, refuses: nothing but this one member. */
const REFUSALS = /^(unauthorized|forbidden|access denied|user is not authorized|the incoming token)/i;

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Record<string, any>} body  Empty if there was none.
 * @property {boolean} isRefusal  The token was refused before anybody acted on the call.
 * @property {number} [retryAfter]  Seconds.
 */

export class Transport {
  /** @param {string} url @param {boolean} isCookie @param {typeof globalThis.fetch} [fetch] */
  constructor(url, isCookie, fetch) {
    const here = globalThis.location?.href;
    this.url = (here && !/^https?:/i.test(url) ? new URL(url, here).href : url).replace(/\/+$/, "");
    this.origin = originOf(this.url);
    this.isCookie = isCookie;
    this.send = fetch ?? ((/** @type {any} */ input, /** @type {any} */ init) => globalThis.fetch(input, init));
    if (!this.origin) throw new SallyportError(`the url has to begin with https:// and a name, and is ${url}`);
  }

  /** Post what a cookie may go along with. @param {string} path @param {object} body @param {AbortSignal} signal @param {string} [token] */
  post(path, body, signal, token) {
    return this.call("POST", path, { body, signal, token });
  }

  /**
   * Call a route. Raises Unreachable if no answer came, or if it is none of Sallyport's or API Gateway's.
   *
   * @param {string} method @param {string} path
   * @param {{ body?: object, token?: string, signal: AbortSignal, withCookies?: boolean }} how
   * @returns {Promise<Answer>}
   */
  async call(method, path, { body, token, signal, withCookies = this.isCookie }) {
    stopIf(signal);
    const headers = {
      ...(body && { "content-type": "application/json" }),
      ...(withCookies && { "x-sallyport-csrf": "1" }),
      ...(token && { authorization: `Bearer ${token}` }),
    };
    /** @type {Response} */
    let answer;
    let text;
    try {
      const credentials = withCookies ? "include" : "omit";
      answer = await this.send(this.url + path, { method, headers, body: body && JSON.stringify(body), signal, credentials });
      text = answer.status === 204 ? "" : await answer.text();
    } catch (cause) {
      stopIf(signal);
      throw new Unreachable(`nobody answers at ${this.url}`, { cause });
    }
    stopIf(signal);
    return { status: answer.status, ...read(answer, text, this.url) };
  }
}

/** Read what answered. @param {Response} answer @param {string} text @param {string} url */
function read(answer, text, url) {
  const { status, headers } = answer;
  const retryAfter = Number(headers.get("retry-after") ?? NaN) || undefined; // API Gateway names no date
  if (status === 204) return { body: {}, isRefusal: false, retryAfter };
  const body = parsed(text);
  if (!body) throw new Unreachable(`${status} from ${url} is no answer of Sallyport's`, { status, retryAfter, cause: text.slice(0, 200) });
  const isRefusal = isGatewayRefusal(status, headers, body) || (status === 401 && body.code === "invalid_token");
  return { body, isRefusal, retryAfter };
}

/** Tell whether a call of any API was refused by the gateway before it. @param {Response} answer @returns {Promise<boolean>} */
export async function isRefused(answer) {
  const { status, headers } = answer;
  if (status !== 401 && status !== 403) return false;
  const isJson = (headers.get("content-type") ?? "").includes("json");
  return isGatewayRefusal(status, headers, isJson ? parsed(await answer.clone().text()) : null);
}

/**
 * API Gateway says `{"message": ...}` and nothing else; other gateways answer 401 without JSON, or name the token's fault.
 *
 * @param {number} status @param {Headers} headers @param {Record<string, any> | null} body
 */
function isGatewayRefusal(status, headers, body) {
  if (status === 401 && (!body || /error="?invalid_token/.test(headers.get("www-authenticate") ?? ""))) return true;
  if (!body || (status !== 401 && status !== 403)) return false;
  return Object.keys(body).length === 1 && REFUSALS.test(body.message ?? body.Message);
}

/** @param {string} text @returns {Record<string, any> | null} */
function parsed(text) {
  try {
    const body = JSON.parse(text);
    return body && typeof body === "object" ? body : null;
  } catch {
    return null;
  }
}

/**
 * Return scheme, name and port of an address, or "" for one that could be read in two ways. Older React Native has no URL
 * that can.
 *
 * @param {string} url
 */
export function originOf(url) {
  const found = /^(https?:\/\/)([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d+)?(?=[/?#]|$)/i.exec(url);
  if (!found) return "";
  const [, scheme, name, port = ""] = found;
  const isUsual = port === (/s:/i.test(scheme) ? ":443" : ":80");
  return (scheme + name + (isUsual ? "" : port)).toLowerCase();
}

/** @param {AbortSignal} signal */
export function stopIf(signal) {
  if (signal.aborted) throw signal.reason ?? new SallyportError("aborted");
}

/**
 * Wait for `run` so long and no longer, nor after `signal` aborts. It is given a signal of its own, for engines that have
 * neither AbortSignal.timeout nor AbortSignal.any.
 *
 * @template T @param {AbortSignal | undefined} signal @param {(signal: AbortSignal) => Promise<T>} run
 * @returns {Promise<T>}
 */
export async function within(signal, run) {
  if (signal) stopIf(signal);
  const control = new AbortController();
  /** @type {(why: unknown) => void} */
  let stop = () => {};
  const stopped = /** @type {Promise<never>} */ (
    new Promise((_, reject) => {
      stop = (why) => {
        reject(why);
        control.abort(why);
      };
    })
  );
  const aborted = () => stop(signal?.reason ?? new SallyportError("aborted"));
  signal?.addEventListener("abort", aborted);
  const timer = setTimeout(() => stop(new Unreachable(`no answer within ${PATIENCE / 1000} seconds`)), PATIENCE);
  try {
    return await Promise.race([run(control.signal), stopped]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", aborted);
  }
}
