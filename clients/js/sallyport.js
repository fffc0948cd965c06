// @ts-check
/**
 * Sallyport's reference client, for browsers and Node. No dependencies.
 *
 *   const sallyport = new Sallyport({ url: "https://auth.example.com", mode: "cookie" });
 *   await sallyport.login("ann@example.com", "correct horse battery staple");
 *   const answer = await sallyport.fetch("https://api.example.com/orders");
 *
 * It refreshes at 80 % of an access token's life, once for all callers and, where there are Web Locks, for all tabs. After a
 * 401, or a 403 that is API Gateway's own, it refreshes once and repeats once. Only `invalid_grant` for the token that is still
 * the current one logs out; 409, 429, 5xx and network errors keep the token.
 *
 * @typedef {object} Store  Keeps the refresh token in body mode: shared by all tabs, or a phone's keystore.
 * @property {() => Promise<string | null>} get
 * @property {(token: string | null) => Promise<void>} set
 *
 * @typedef {object} Options
 * @property {string} url  Where Sallyport is.
 * @property {"body" | "cookie"} [mode]  `cookie` keeps the refresh token where no script can read it.
 * @property {Store} [store]  For body mode; in memory by default.
 * @property {typeof globalThis.fetch} [fetch]
 * @property {{ request<T>(name: string, run: () => Promise<T>): Promise<T> } | undefined} [locks]  Web Locks.
 * @property {() => number} [now]  Milliseconds.
 */

/** Milliseconds to wait for an answer: API Gateway waits no longer, and Sallyport's leeway for stragglers is longer. */
const PATIENCE = 30_000;

/** The user has to log in, or another tab has: what this page knows belongs to a session that is over. */
export class LoggedOut extends Error {}

/** Sallyport refused something; the refresh token is kept. `code` is the word to switch on. */
export class Problem extends Error {
  /** @param {number} status @param {string} code @param {number | undefined} retryAfter seconds */
  constructor(status, code, retryAfter) {
    super(`${status} ${code}`);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
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
  constructor({ url, mode = "body", store = inMemory(), fetch, locks = globalThis.navigator?.locks, now = Date.now }) {
    this.url = url;
    this.mode = mode;
    this.store = store;
    this.send = fetch ?? globalThis.fetch.bind(globalThis);
    this.locks = locks;
    this.now = now;
  }

  /** Log in. Throws Problem: `invalid_credentials`, `too_many_attempts`. @param {string} email @param {string} password */
  async login(email, password) {
    await this.#locked(async () => {
      const { status, body } = await this.#post("/auth/login", { email, password, mode: this.mode });
      if (status !== 200) throw problem(status, body);
      await this.#keep(body);
    });
  }

  /** Log out here, or everywhere. Throws if that could not be done, and then nothing has changed. */
  async logout({ everywhere = false } = {}) {
    await this.#locked(async () => {
      const token = this.mode === "body" ? await this.store.get() : undefined;
      if (token === null) return this.#forget();
      const { status, body } = await this.#post("/auth/logout", { refresh_token: token, everywhere });
      if (status !== 204) throw problem(status, body);
      await this.#forget();
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
      if (status !== 409 || this.mode === "body") throw problem(status, body);
    }
    throw problem(409, { code: "superseded" });
  }

  /** @param {Record<string, any>} tokens */
  async #keep(tokens) {
    if (this.mode === "body") await this.store.set(tokens.refresh_token);
    this.#session = tokens.session_id;
    const life = tokens.expires_in * 1000;
    this.#access = { token: tokens.access_token, refreshAt: this.now() + 0.8 * life, expiresAt: this.now() + life };
    return this.#access.token;
  }

  async #forget() {
    this.#access = this.#session = null;
    if (this.mode === "body") await this.store.set(null);
  }

  /** One tab at a time. @template T @param {() => Promise<T>} run @returns {Promise<T>} */
  #locked(run) {
    return this.locks ? this.locks.request(`sallyport ${this.url}`, run) : run();
  }

  /** @param {string} path @param {object} body @returns {Promise<{ status: number, body: Record<string, any> }>} */
  async #post(path, body) {
    const headers = { "content-type": "application/json", ...(this.mode === "cookie" && { "x-sallyport-csrf": "1" }) };
    const credentials = this.mode === "cookie" ? "include" : "omit";
    const answer = await this.send(this.url + path, {
      method: "POST",
      headers,
      credentials,
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE), // other tabs wait for the lock
    });
    const isJson = answer.headers.get("content-type")?.includes("json");
    return { status: answer.status, body: isJson ? await answer.json() : {} };
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

/** @param {number} status @param {Record<string, any>} body */
function problem(status, body) {
  return new Problem(status, body.code ?? body.message ?? "unknown", body.retry_after);
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
