// @ts-check
/**
 * Sallyport's reference client, for browsers, Node and React Native. No dependencies.
 *
 *   const sallyport = new Sallyport({ url: "https://auth.example.com", mode: "cookie" });
 *   await sallyport.login("ann@example.com", "correct horse battery staple");
 *   const answer = await sallyport.fetch("https://api.example.com/orders");
 *
 * It refreshes at 80 % of an access token's life, once for all callers and, where there are Web Locks, for all tabs. After a
 * 401, or a 403 that is API Gateway's own, it refreshes once and repeats once. Only `invalid_grant` for the token that is still
 * the current one logs out; 409, 429, 5xx and network errors keep the token.
 *
 * An account begins, and comes back, by mail. The proof is a link's token, or the code with the request it was mailed for:
 *
 *   const { request } = await sallyport.register("ann@example.com");
 *   await sallyport.verifyEmail({ request, code: "1234 5678" }, "correct horse battery staple");
 *
 * @typedef {object} Store  Keeps the refresh token in body mode: shared by all tabs, or a phone's keystore.
 * @property {() => Promise<string | null>} get
 * @property {(token: string | null) => Promise<void>} set
 *
 * @typedef {{ token: string } | { request: string, code: string }} Proof
 * @typedef {{ request: string, expiresIn: number }} Mailed  Keep the request for the code. It expires after so many seconds.
 * @typedef {{ field: string, code: string, detail: string }} FieldError  `detail` is for people.
 *
 * @typedef {object} Options
 * @property {string} url  Where Sallyport is.
 * @property {"body" | "cookie"} [mode]  `cookie` keeps the refresh token where no script can read it.
 * @property {Store} [store]  For body mode; in memory by default.
 * @property {Store} [device]  For body mode: keeps the device token, which survives logout. With it, whoever else guesses at
 *   this account's password neither delays nor stops a login from here. In memory by default.
 * @property {typeof globalThis.fetch} [fetch]
 * @property {{ request<T>(name: string, run: () => Promise<T>): Promise<T> } | undefined} [locks]  Web Locks.
 * @property {() => number} [now]  Milliseconds.
 */

/** Milliseconds to wait for an answer: API Gateway waits no longer, and Sallyport's leeway for stragglers is longer. */
const PATIENCE = 30_000;

/** The user has to log in, or another tab has: what this page knows belongs to a session that is over. */
export class LoggedOut extends Error {}

/** Sallyport refused something; the refresh token is kept. `code` is the word to switch on; `errors` says which fields. */
export class Problem extends Error {
  /** @param {number} status @param {Record<string, any>} body */
  constructor(status, body) {
    super(`${status} ${body.code ?? body.message ?? "unknown"}`);
    this.status = status;
    this.code = /** @type {string} */ (body.code ?? body.message ?? "unknown");
    this.retryAfter = /** @type {number | undefined} */ (body.retry_after); // seconds
    this.errors = /** @type {FieldError[]} */ (body.errors ?? []);
  }
}

export class Sallyport {
  /** @type {{ token: string, refreshAt: number, expiresAt: number } | null} */
  #access = null;
  /** @type {Promise<string> | null} */
  #refreshing = null;
  /** @type {string | null} */
  #session = null;

  /** @param {Options} options */
  constructor(options) {
    const { url, mode = "body", store = inMemory(), device = inMemory(), fetch } = options;
    const { locks = globalThis.navigator?.locks, now = Date.now } = options;
    this.url = url;
    this.mode = mode;
    this.store = store;
    this.device = device;
    this.send = fetch ?? globalThis.fetch.bind(globalThis);
    this.locks = locks;
    this.now = now;
  }

  /** Log in. Throws Problem: `invalid_credentials`, `too_many_attempts`. @param {string} email @param {string} password */
  async login(email, password) {
    await this.#locked(async () => {
      const device_token = this.mode === "body" ? await this.device.get() : undefined;
      const { status, body } = await this.#post("/auth/login", { email, password, mode: this.mode, device_token });
      if (status !== 200) throw new Problem(status, body);
      await this.#keep(body);
    });
  }

  /** Log out here, or everywhere. Throws if that could not be done, and then nothing has changed. */
  async logout({ everywhere = false } = {}) {
    await this.#locked(async () => {
      const token = this.mode === "body" ? await this.store.get() : undefined;
      if (token === null) return this.#forget();
      const { status, body } = await this.#post("/auth/logout", { refresh_token: token, everywhere });
      if (status !== 204) throw new Problem(status, body);
      await this.#forget();
    });
  }

  /**
   * Ask for a mail to somebody who wants an account. The answer is the same if they have one. Throws Problem:
   * `invalid_email`, `registration_closed`. @param {string} email
   */
  register(email) {
    return this.#mail("/auth/register", email);
  }

  /**
   * Open the account, and log nobody in. Throws Problem: `invalid_token` for a proof that is wrong, used or too old;
   * `password_too_short` and its kin. @param {Proof} proof @param {string} password
   */
  verifyEmail(proof, password) {
    return this.#redeem("/auth/verify-email", proof, password);
  }

  /** Ask for a mail to somebody who forgot their password: the answer is always the same. @param {string} email */
  forgotPassword(email) {
    return this.#mail("/auth/password/forgot", email);
  }

  /**
   * Set another password, end every session, and log nobody in. Throws as verifyEmail. @param {Proof} proof
   * @param {string} password
   */
  resetPassword(proof, password) {
    return this.#redeem("/auth/password/reset", proof, password);
  }

  /**
   * Change the password. Every other session ends; this one goes on with new tokens. Throws Problem: `invalid_credentials`,
   * `password_too_short` and its kin. If no answer came, either password may be the one. @param {string} current
   * @param {string} next
   */
  async changePassword(current, next) {
    const passwords = { current_password: current, new_password: next };
    await this.#locked(async () => {
      const { status, body } = await this.#postAuthorized("/auth/password/change", passwords);
      if (status !== 200) throw new Problem(status, body);
      await this.#keep(body);
    });
  }

  /**
   * Ask for a mail to the address to move to. The login name stays until that is confirmed. Throws Problem:
   * `invalid_credentials`, `invalid_email`. @param {string} email @param {string} password @returns {Promise<Mailed>}
   */
  async changeEmail(email, password) {
    const { status, body } = await this.#locked(() => this.#postAuthorized("/auth/email/change", { email, password }));
    return mailed(status, body);
  }

  /** Move to the address that the proof was mailed to. Throws Problem: 400 `invalid_token`. @param {Proof} proof */
  async confirmEmail(proof) {
    const { status, body } = await this.#locked(() => this.#postAuthorized("/auth/email/confirm", proof));
    if (status !== 204) throw new Problem(status, body);
  }

  /** Delete the account, and forget it here. Throws Problem: `invalid_credentials`. @param {string} password */
  async deleteAccount(password) {
    await this.#locked(async () => {
      const { status, body } = await this.#postAuthorized("/auth/me/delete", { password });
      if (status !== 204) throw new Problem(status, body);
      if (this.mode === "cookie") await this.#post("/auth/logout", {}).catch(() => {}); // only that clears the cookie
      await this.#forget();
      if (this.mode === "body") await this.device.set(null);
    });
  }

  /** Answer an access token with some life left. Throws LoggedOut; Problem or fetch's own error if none can be had just now. */
  async accessToken() {
    const held = this.#access;
    if (held && this.now() < held.refreshAt) return held.token;
    try {
      return await this.#refreshOnce();
    } catch (error) {
      if (!(error instanceof LoggedOut) && held && this.now() < held.expiresAt) return held.token;
      throw error;
    }
  }

  /** Like fetch, with an access token. @param {RequestInfo | URL} input @param {RequestInit} [init] */
  async fetch(input, init) {
    const request = new Request(input, init);
    const again = request.clone();
    const token = await this.accessToken();
    const answer = await this.send(authorized(request, token));
    if (!isRefusal(answer)) return answer;
    await answer.body?.cancel();
    if (this.#access?.token === token) this.#access = null;
    return this.send(authorized(again, await this.accessToken()));
  }

  /** @param {string} path @param {string} email */
  async #mail(path, email) {
    const { status, body } = await this.#post(path, { email });
    return mailed(status, body);
  }

  /** @param {string} path @param {Proof} proof @param {string} password */
  async #redeem(path, proof, password) {
    const { status, body } = await this.#post(path, { ...proof, password, mode: this.mode });
    if (status !== 200) throw new Problem(status, body);
    await this.#keepDevice(body);
  }

  /**
   * Post with an access token. Refreshes if it is time, and once after a refusal. Only for whoever holds the lock: an older
   * refresh token must not arrive after the newer one. @param {string} path @param {object} body
   */
  async #postAuthorized(path, body) {
    const held = this.#access;
    const token = held && this.now() < held.refreshAt ? held.token : await this.#refresh();
    const first = await this.#post(path, body, token);
    return first.isRefusal ? this.#post(path, body, await this.#refresh()) : first;
  }

  #refreshOnce() {
    this.#refreshing ??= this.#locked(() => this.#refresh()).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** Refresh with whatever token is current. An answer counts only if the token that was sent still is. */
  async #refresh() {
    for (let attempt = 0; attempt < 3; attempt++) {
      const sent = this.mode === "body" ? await this.store.get() : undefined;
      if (sent === null) throw new LoggedOut();
      const { status, body } = await this.#post("/auth/refresh", { refresh_token: sent });
      const isCurrent = this.mode === "cookie" || (await this.store.get()) === sent;
      if (!isCurrent) continue;
      if (status === 200) {
        const began = this.#session;
        const token = await this.#keep(body);
        if (began && began !== body.session_id) throw new LoggedOut(); // whose request would it be?
        return token;
      }
      if (status === 401 && body.code === "invalid_grant") {
        await this.#forget();
        throw new LoggedOut();
      }
      if (status !== 409 || this.mode === "body") throw new Problem(status, body);
    }
    throw new Problem(409, { code: "superseded" });
  }

  /** @param {Record<string, any>} tokens */
  async #keep(tokens) {
    if (this.mode === "body") await this.store.set(tokens.refresh_token);
    await this.#keepDevice(tokens);
    this.#session = tokens.session_id;
    const life = tokens.expires_in * 1000;
    this.#access = { token: tokens.access_token, refreshAt: this.now() + 0.8 * life, expiresAt: this.now() + life };
    return this.#access.token;
  }

  /** @param {Record<string, any>} body */
  async #keepDevice({ device_token }) {
    if (device_token) await this.device.set(device_token);
  }

  async #forget() {
    this.#access = this.#session = null;
    if (this.mode === "body") await this.store.set(null);
  }

  /** One tab at a time. @template T @param {() => Promise<T>} run @returns {Promise<T>} */
  #locked(run) {
    return this.locks ? this.locks.request(`sallyport ${this.url}`, run) : run();
  }

  /** @param {string} path @param {object} body @param {string} [token] */
  async #post(path, body, token) {
    const headers = {
      "content-type": "application/json",
      ...(this.mode === "cookie" && { "x-sallyport-csrf": "1" }),
      ...(token && { authorization: `Bearer ${token}` }),
    };
    const credentials = this.mode === "cookie" ? "include" : "omit";
    const waiting = new AbortController(); // React Native has no AbortSignal.timeout
    const patience = setTimeout(() => waiting.abort(), PATIENCE); // other tabs wait for the lock
    try {
      const init = { method: "POST", headers, body: JSON.stringify(body), signal: waiting.signal };
      const answer = await this.send(this.url + path, { ...init, credentials });
      const isJson = answer.headers.get("content-type")?.includes("json");
      const read = /** @type {Record<string, any>} */ (isJson ? await answer.json() : {});
      return { status: answer.status, body: read, isRefusal: isRefusal(answer) };
    } finally {
      clearTimeout(patience);
    }
  }
}

/** @param {Request} request @param {string} token */
function authorized(request, token) {
  request.headers.set("authorization", `Bearer ${token}`);
  return request;
}

/** A 401, or API Gateway's own 403: it says nothing about why. @param {Response} answer */
function isRefusal(answer) {
  const isOurs = answer.headers.get("content-type")?.startsWith("application/problem+json");
  return answer.status === 401 || (answer.status === 403 && !isOurs);
}

/** @param {number} status @param {Record<string, any>} body @returns {Mailed} */
function mailed(status, body) {
  if (status !== 202) throw new Problem(status, body);
  return { request: body.request, expiresIn: body.expires_in };
}

/** @returns {Store} */
function inMemory() {
  /** @type {string | null} */
  let token = null;
  return {
    get: async () => token,
    set: async (value) => {
      token = value;
    },
  };
}
