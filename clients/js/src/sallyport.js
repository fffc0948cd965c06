// @ts-check
import { LoggedOut, Problem, SallyportError, Unreachable } from "./errors.js";
import { hintOf, NO_HINT } from "./hint.js";
import { inMemory } from "./memory.js";
import { Session } from "./session.js";
import { channelOf, Tabs } from "./tabs.js";
import { isRefused, originOf, stopIf, Transport, within } from "./transport.js";

/**
 * @typedef {import("./memory.js").Store} Store
 * @typedef {import("./session.js").Events} Events
 * @typedef {import("./session.js").State} State
 * @typedef {import("./transport.js").Answer} Answer
 *
 * @typedef {{ token: string } | { request: string, code: string }} Proof  A link's token, or a code with the request it was mailed for.
 * @typedef {{ request: string, expiresIn: number }} Mailed  Keep the request for the code. It expires after so many seconds.
 * @typedef {{ sub: string, email: string, roles: string[], created_at: number }} User
 * @typedef {{ sid: string, created_at: number, last_used_at: number, expires_at: number, user_agent: string, ip: string, current: boolean }} Device
 * @typedef {{ signal?: AbortSignal }} Stoppable
 *
 * @typedef {object} Options
 * @property {string} url  Where Sallyport is.
 * @property {"body" | "cookie"} [mode]  `cookie` keeps the refresh token where no script can read it. `body` by default.
 * @property {string[]} [origins]  Where else `fetch` may carry the access token: `https://api.example.com`.
 * @property {Store} [store]  For body mode; in memory by default.
 * @property {Store} [device]  For body mode: keeps the device token, which survives logout. With it, whoever else guesses at
 *   this account's password neither delays nor stops a login from here. In memory by default.
 * @property {typeof globalThis.fetch} [fetch]
 * @property {() => number} [now]  Milliseconds.
 * @property {import("./tabs.js").Locks | null} [locks]  Web Locks; null for none.
 * @property {import("./tabs.js").Channel | null} [channel]  A BroadcastChannel; null for none.
 * @property {import("./hint.js").Hint} [hint]  Where a page keeps whether somebody was logged in: localStorage.
 * @property {Pick<EventTarget, "addEventListener" | "removeEventListener"> | null} [page]  What tells of focus, online and
 *   pageshow: the window.
 */

const COMES_BACK = ["focus", "pageshow", "visibilitychange", "online"];
let unnamed = 0;

export class Sallyport {
  #session;
  #transport;
  #origins;
  #page;

  /** @param {Options} options */
  constructor(options) {
    const { url, mode, origins = [], store = inMemory(), device = inMemory(), fetch, now = Date.now } = options;
    const isCookie = mode === "cookie";
    const transport = new Transport(url, isCookie, fetch);
    const shared = isCookie ? transport.origin : store.name;
    const name = `sallyport ${shared ?? unnamed++}`;
    const { hint = isCookie ? hintOf(name) : NO_HINT, channel = shared && channelOf(name) } = options;
    const { locks = globalThis.location && /** @type {any} */ (globalThis.navigator?.locks) } = options;
    this.#transport = transport;
    this.#origins = new Set([transport.origin, ...origins.map(named)]);
    this.#session = new Session(transport, store, device, hint, now, (hear) => new Tabs(name, locks, channel || null, hear));
    this.#page = options.page === undefined && globalThis.document ? globalThis.window : options.page;
    for (const event of COMES_BACK) this.#page?.addEventListener(event, this.#back);
  }

  /** Who is logged in: a frozen object, and another one after each change. @returns {State} */
  get state() {
    return this.#session.state;
  }

  /** Be told of what happens, in whichever tab. Returns how to stop. @template {keyof Events} K @param {K} event
   * @param {(told: Events[K]) => void} call @returns {() => void} */
  on(event, call) {
    return this.#session.on(event, call);
  }

  /** Stop listening to the page and the other tabs. */
  close() {
    for (const event of COMES_BACK) this.#page?.removeEventListener(event, this.#back);
    this.#session.tabs.close();
  }

  /** A page that was kept for the back button has heard of nothing meanwhile. @param {{ type: string, persisted?: boolean }} event */
  #back = ({ type, persisted = false }) => {
    if (globalThis.document?.visibilityState === "hidden" && !persisted) return;
    const session = this.#session;
    (type === "online" ? session.online() : session.revalidate(undefined, persisted)).catch(() => {}); // who is logged in stays so
  };

  /**
   * Log in. `kept` is false if the browser refused the cookie: a reload logs out. Raises Problem: `invalid_credentials`,
   * `too_many_attempts`. @param {string} email @param {string} password @param {Stoppable} [how]
   * @returns {Promise<{ kept: boolean }>}
   */
  async login(email, password, { signal } = {}) {
    const session = this.#session;
    const { isCookie } = this.#transport;
    let isIn = false;
    try {
      return await session.first(signal, async (limit) => {
        const device_token = isCookie ? undefined : ((await session.device.get()) ?? undefined);
        const body = { email, password, mode: isCookie ? "cookie" : "body", device_token };
        const token = await session.keep(must(200, await this.#transport.post("/auth/login", body, limit)), "login");
        isIn = true;
        if (!isCookie) return { kept: true };
        const { status } = await this.#transport.post("/auth/refresh", {}, limit); // no script sees the cookie
        return { kept: status !== 401 || session.notKept(token) };
      });
    } catch (error) {
      if (isIn) return { kept: true }; // whether it was could not be learnt
      throw error;
    }
  }

  /**
   * Log out here, or everywhere. The user is forgotten here in any case. `ended` is false if Sallyport has not confirmed that
   * the session is over (`everywhere`: all of them), and `cause` says why.
   *
   * @param {Stoppable & { everywhere?: boolean }} [how] @returns {Promise<{ ended: boolean, cause?: SallyportError }>}
   */
  async logout({ everywhere = false, signal } = {}) {
    const { isCookie } = this.#transport;
    /** @type {SallyportError | undefined} */
    let cause;
    await this.#leave(signal, async (limit) => {
      try {
        await this.#end(everywhere, limit);
      } catch (error) {
        stopIf(limit);
        if (!(error instanceof SallyportError)) throw error;
        if (!(error instanceof LoggedOut && error.reason === "nobody")) cause = error;
        if (error instanceof Unreachable) throw error;
      }
      if (isCookie) must(204, await this.#transport.post("/auth/logout", {}, limit)); // only that clears it
    }).catch((error) => {
      if (signal?.aborted || !(error instanceof SallyportError)) throw error;
      cause ??= error;
    });
    return cause ? { ended: false, cause } : { ended: true };
  }

  /**
   * Forget the user, also if `tell` fails. Raises what the caller's signal says, with everything as it was, and else why
   * `tell` failed.
   *
   * @param {AbortSignal | undefined} signal @param {(signal: AbortSignal) => Promise<void>} tell
   */
  async #leave(signal, tell) {
    const session = this.#session;
    try {
      await session.first(signal, async (limit) => {
        await tell(limit);
        await session.logOut("out");
      });
    } catch (error) {
      if (signal?.aborted || !(error instanceof SallyportError)) throw error;
      await session.logOut("owed");
      throw error;
    }
  }

  /**
   * End the session by an access token that works: the answer to a cookie is the same whether it came or not. Everywhere, the
   * token is tried first, as a dead one ends nothing and is answered alike.
   *
   * @param {boolean} everywhere @param {AbortSignal} signal
   */
  async #end(everywhere, signal) {
    const session = this.#session;
    const post = (/** @type {string | undefined} */ token, /** @type {object} */ body) =>
      this.#transport.call("POST", "/auth/logout", { body, token, signal, withCookies: false });
    if (!this.#transport.isCookie && !everywhere) {
      const refresh_token = await session.store.get();
      if (refresh_token !== null) return void must(204, await post(undefined, { refresh_token }));
      if (!session.alive()) return; // nobody is logged in
    }
    let token = session.alive() ?? (await session.refresh(signal));
    if (everywhere) {
      const { isRefusal } = await this.#transport.call("GET", "/auth/me", { token, signal, withCookies: false });
      if (isRefusal) token = await session.refresh(signal);
    }
    must(204, await post(token, { everywhere }));
  }

  /** Take whatever session there is, and return whether somebody is logged in. A stranger costs no call, but with `ask`.
   * @param {Stoppable & { ask?: boolean }} [how] */
  resume(how = {}) {
    return this.#session.resume(how);
  }

  /** Ask again whether somebody is logged in, if nobody did for half a minute. @param {Stoppable} [how] */
  revalidate({ signal } = {}) {
    return this.#session.revalidate(signal);
  }

  /** Return an access token with some life left; with `fresh` a new one. Raises LoggedOut, or Problem and Unreachable if none
   * can be had just now. @param {Stoppable & { fresh?: boolean }} [how] */
  accessToken(how) {
    return this.#session.token(how);
  }

  /** Return a new access token. @param {Stoppable} [how] */
  refresh({ signal } = {}) {
    return this.#session.token({ fresh: true, signal });
  }

  /** Like fetch, with an access token. Only Sallyport and `origins` are called. @param {RequestInfo | URL} input
   * @param {RequestInit} [init] @returns {Promise<Response>} */
  async fetch(input, init) {
    const request = new Request(input, init);
    if (!this.#origins.has(originOf(request.url))) {
      throw new SallyportError(`no access token goes to ${originOf(request.url) || request.url}: name it in origins`, { code: "origin_not_named" });
    }
    const again = request.clone();
    let next = request;
    return this.#authorized(init?.signal ?? request.signal, async (token) => {
      next.headers.set("authorization", `Bearer ${token}`);
      const answer = await this.#transport.send(next);
      next = again;
      return { answer, isRefusal: await isRefused(answer) };
    }).then(({ answer }) => answer);
  }

  /**
   * Send with an access token. What is refused is sent once more with another one, in the name of the same user.
   *
   * @template {{ isRefusal: boolean }} T @param {AbortSignal | null | undefined} signal
   * @param {(token: string) => Promise<T>} send @returns {Promise<T>}
   */
  async #authorized(signal, send) {
    const session = this.#session;
    const how = { signal: signal ?? undefined };
    const token = await session.token(how);
    const { user } = session.state;
    const first = await send(token);
    if (!first.isRefusal) return first;
    const other = await session.instead(token, how.signal);
    if (!other) return first;
    if (session.state.user !== user) throw new LoggedOut("other_user");
    const second = await send(other);
    if (second.isRefusal) session.vain = other;
    return second;
  }

  /** Read the user's own account. @param {Stoppable} [how] @returns {Promise<User>} */
  async me(how) {
    return /** @type {any} */ (await this.#own("GET", "/auth/me", 200, how));
  }

  /** List where the user is logged in, the last used first. @param {Stoppable} [how] @returns {Promise<Device[]>} */
  async sessions(how) {
    return (await this.#own("GET", "/auth/sessions", 200, how)).sessions;
  }

  /** End one of the user's sessions, by its `sid`. @param {string} sid @param {Stoppable} [how] @returns {Promise<void>} */
  async endSession(sid, how) {
    await this.#own("DELETE", `/auth/sessions/${encodeURIComponent(sid)}`, 204, how);
  }

  /** Ask for a mail to somebody who wants an account. The answer is the same if they have one. Raises Problem:
   * `invalid_email`, `registration_closed`. @param {string} email @param {Stoppable} [how] */
  async register(email, how) {
    return mailed(await this.#open("/auth/register", { email }, 202, how));
  }

  /** Open the account, and log nobody in. Raises Problem: `invalid_token` for a proof that is wrong, used or too old;
   * `password_too_short` and its kin. @param {Proof} proof @param {string} password @param {Stoppable} [how] */
  verifyEmail(proof, password, how) {
    return this.#redeem("/auth/verify-email", proof, password, how);
  }

  /** Ask for a mail to somebody who forgot their password: the answer is always the same. @param {string} email
   * @param {Stoppable} [how] */
  async forgotPassword(email, how) {
    return mailed(await this.#open("/auth/password/forgot", { email }, 202, how));
  }

  /** Set another password, end every session, and log nobody in. Raises as verifyEmail. @param {Proof} proof
   * @param {string} password @param {Stoppable} [how] */
  resetPassword(proof, password, how) {
    return this.#redeem("/auth/password/reset", proof, password, how);
  }

  /**
   * Change the password. Every other session ends; this one goes on with new tokens. Raises Problem: `invalid_credentials`,
   * `password_too_short` and its kin. If no answer came, either password may be the one.
   *
   * @param {string} current @param {string} next @param {Stoppable} [how] @returns {Promise<void>}
   */
  async changePassword(current, next, { signal } = {}) {
    const session = this.#session;
    const { user } = session.state;
    const body = { current_password: current, new_password: next };
    await session.inTurn(signal, async (limit) => {
      const post = (/** @type {string} */ token) => this.#transport.post("/auth/password/change", body, limit, token);
      const isOf = (/** @type {string} */ token) => {
        if (user && session.state.user !== user) throw new LoggedOut("other_user");
        return token;
      };
      let answer = await post(isOf(session.isDue() ? await session.refresh(limit) : await session.token()));
      if (answer.isRefusal) answer = await post(isOf(await session.refresh(limit)));
      await session.keep(must(200, answer));
    });
  }

  /** Ask for a mail to the address to move to. The login name stays until that is confirmed. Raises Problem:
   * `invalid_credentials`, `invalid_email`. @param {string} email @param {string} password @param {Stoppable} [how] */
  async changeEmail(email, password, how) {
    return mailed(await this.#own("POST", "/auth/email/change", 202, how, { email, password }));
  }

  /** Move to the address that the proof was mailed to. Raises Problem: 400 `invalid_token`. @param {Proof} proof
   * @param {Stoppable} [how] @returns {Promise<void>} */
  async confirmEmail(proof, how) {
    await this.#own("POST", "/auth/email/confirm", 204, how, proof);
  }

  /** Delete the account, and forget it here. Raises Problem: `invalid_credentials`. @param {string} password
   * @param {Stoppable} [how] @returns {Promise<void>} */
  async deleteAccount(password, how) {
    await this.#own("POST", "/auth/me/delete", 204, how, { password });
    const { isCookie } = this.#transport;
    if (!isCookie) await this.#session.device.set(null);
    const clear = async (/** @type {AbortSignal} */ signal) => void (isCookie && (await this.#transport.post("/auth/logout", {}, signal)));
    await this.#leave(undefined, clear).catch(() => {}); // the account is gone in any case
  }

  /** Call a route of the user's own. @param {string} method @param {string} path @param {number} good
   * @param {Stoppable} [how] @param {object} [body] */
  #own(method, path, good, how, body) {
    return within(how?.signal, async (signal) =>
      must(good, await this.#authorized(signal, (token) => this.#transport.call(method, path, { body, token, signal, withCookies: false }))),
    );
  }

  /** Call a route for anybody. @param {string} path @param {object} body @param {number} good @param {Stoppable} [how] */
  #open(path, body, good, how) {
    return within(how?.signal, async (signal) => must(good, await this.#transport.post(path, body, signal)));
  }

  /** @param {string} path @param {Proof} proof @param {string} password @param {Stoppable} [how] @returns {Promise<void>} */
  async #redeem(path, proof, password, how) {
    const mode = this.#transport.isCookie ? "cookie" : "body";
    await this.#session.keepDevice(await this.#open(path, { ...proof, password, mode }, 200, how));
  }
}

/** @param {number} good @param {Answer} answer */
function must(good, { status, body, retryAfter }) {
  if (status !== good) throw new Problem(status, body, retryAfter);
  return body;
}

/** @param {Record<string, any>} body @returns {Mailed} */
function mailed({ request, expires_in }) {
  return { request, expiresIn: expires_in };
}

/** @param {string} origin */
function named(origin) {
  const found = originOf(origin);
  if (!found) throw new SallyportError(`an origin is https:// and a name, and not ${origin}`);
  return found;
}
