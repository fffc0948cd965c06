// @ts-check
/** Who is logged in, with which access token, and how there comes another one. Every tab has one of these. */
import { LoggedOut, Problem, SallyportError, Unreachable } from "./errors.js";
import { stopIf, within } from "./transport.js";

/** Milliseconds after which whoever comes back to the page wants to know whether they are still logged in. */
const STALE = 30_000;
/** Milliseconds to wait for a tab that has just refreshed to say so. */
const WORD = 200;

/**
 * @typedef {import("./errors.js").Reason} Reason
 * @typedef {import("./memory.js").Store} Store
 *
 * @typedef {object} State
 * @property {"unknown" | "in" | "out" | "ended"} status  `ended` stays until `login()` or `resume()`.
 * @property {string | null} user  Their id, `sub`.
 * @property {string | null} session
 * @property {Exclude<Reason, "nobody"> | null} reason  Why it ended.
 *
 * @typedef {object} Held  An access token; times in milliseconds.
 * @property {string} token
 * @property {number} came
 * @property {number} life
 * @property {string} user
 * @property {string} session
 * @property {boolean} kept  Whether the browser took the cookie: else there will be no other token.
 *
 * @typedef {object} Events
 * @property {{ here: boolean, user: string }} login
 * @property {{ here: boolean, user: string | null }} logout
 * @property {{ reason: Exclude<Reason, "nobody">, user: string | null }} ended
 * @property {{ here: boolean, expiresAt: number }} refresh
 * @property {State} change
 */

/** A refresh makes way for a login or a logout, and starts again behind it. */
const YIELDED = new SallyportError("yielded");

export class Session {
  /** @type {State} */
  state = Object.freeze({ status: "unknown", user: null, session: null, reason: null });
  /** @type {Held | null} */
  held = null;
  /** A token that did not help: refused although it had just come because of a refusal. @type {string | null} */
  vain = null;
  /** @type {{ error: SallyportError, since: number, life: number } | null} */
  #failure = null;
  #failures = 0;
  /** @type {Promise<string> | null} */
  #refreshing = null;
  #yield = () => {};
  /** Grows whenever somebody may have put another refresh token into the store. */
  #epoch = 0;
  #wordCame = () => {};
  /** @type {Map<string, Set<(event: any) => void>>} */
  #listeners = new Map();

  /**
   * @param {import("./transport.js").Transport} transport @param {Store} store @param {Store} device
   * @param {import("./hint.js").Hint} hint @param {() => number} now
   * @param {(hear: (message: any) => void) => import("./tabs.js").Tabs} tabs
   */
  constructor(transport, store, device, hint, now, tabs) {
    this.transport = transport;
    this.store = store;
    this.device = device;
    this.hint = hint;
    this.now = now;
    this.tabs = tabs((message) => this.#hear(message));
  }

  /** @template {keyof Events} K @param {K} event @param {(told: Events[K]) => void} call @returns {() => void} */
  on(event, call) {
    const calls = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, calls.add(call));
    return () => void calls.delete(call);
  }

  /** @template {keyof Events} K @param {K} event @param {Events[K]} told */
  #emit(event, told) {
    for (const call of this.#listeners.get(event) ?? []) {
      try {
        call(told);
      } catch (error) {
        setTimeout(() => { throw error; }); // a listener's fault is its own
      }
    }
  }

  /** @param {Partial<State>} change */
  #become({ status = this.state.status, user = null, session = null, reason = null }) {
    const next = { status, user, session, reason };
    if (JSON.stringify(next) === JSON.stringify(this.state)) return;
    this.state = Object.freeze(next);
    this.#emit("change", this.state);
  }

  /** Return an access token. Raises LoggedOut, Unreachable, Problem. @param {{ fresh?: boolean, signal?: AbortSignal }} [how] */
  async token({ fresh = false, signal } = {}) {
    const { user } = this.state;
    this.#mustBeOpen();
    const { held } = this;
    if (!fresh && held && this.#part(held) < 1) {
      if (this.#part(held) >= 0.8 && held.kept) this.#refreshOnce().catch(() => {}); // behind whoever asks
      return held.token;
    }
    const token = await within(signal, () => this.#refreshOnce());
    if (user && this.state.user !== user) throw new LoggedOut("other_user"); // whose call would it be?
    return token;
  }

  /**
   * Return a token to repeat a call with that was refused with `token`, or null if a new one would not help.
   *
   * @param {string} token @param {AbortSignal} [signal]
   */
  async instead(token, signal) {
    const { held } = this;
    if (held && held.token !== token && this.#part(held) < 1) return held.token;
    return token === this.vain ? null : this.token({ fresh: true, signal });
  }

  /** Return the access token if it is alive. */
  alive() {
    return this.held && this.#part(this.held) < 1 ? this.held.token : null;
  }

  /** Tell whether it is time for another one, for whoever has the turn. */
  isDue() {
    this.#mustBeOpen();
    return !this.held || this.#part(this.held) >= 0.8;
  }

  /** The browser did not keep the cookie, unless another tab has logged in since. @param {string} token */
  notKept(token) {
    if (this.held?.token !== token) return true;
    this.held = { ...this.held, kept: false };
    this.hint.set("out");
    this.tabs.tell({ type: "tokens", held: this.held });
    return false;
  }

  /** Say which part of its life has passed. A clock that was set back tells nothing: then all of it. @param {Held} held */
  #part({ came, life }) {
    const age = this.now() - came;
    return age < 0 ? 1 : age / life;
  }

  #mustBeOpen() {
    const { status, reason } = this.state;
    if (status === "ended") throw new LoggedOut(reason ?? "ended");
    if (status === "out") throw new LoggedOut("nobody");
  }

  /**
   * Take whatever session there is: the app says so. Returns whether somebody is logged in.
   *
   * @param {{ ask?: boolean, signal?: AbortSignal }} how `ask`: also if nothing says that somebody was logged in
   */
  async resume({ ask = false, signal }) {
    if (this.state.status !== "in") this.#become({ status: "unknown" });
    if (ask && this.hint.get() === "out") this.hint.set("in");
    this.#retry();
    return this.#isIn({ signal });
  }

  /** @param {{ fresh?: boolean, signal?: AbortSignal }} how */
  async #isIn(how) {
    try {
      await this.token(how);
      return true;
    } catch (error) {
      if (error instanceof LoggedOut) return false;
      throw error;
    }
  }

  /** Ask again if that was some time ago, or in any case. Returns whether somebody is logged in. @param {AbortSignal} [signal]
   * @param {boolean} [isAsked] */
  async revalidate(signal, isAsked = false) {
    const { status } = this.state;
    if (status === "out") return (await this.#isKnown()) && this.resume({ signal });
    if (status !== "in") return false;
    const age = this.held ? this.now() - this.held.came : STALE;
    if ((!isAsked && age >= 0 && age < STALE) || (this.alive() && !this.held?.kept)) return true;
    return this.#isIn({ fresh: true, signal });
  }

  /** The network is back, or somebody asked again: only what Sallyport asked for is waited for. */
  #retry() {
    if (this.#failure && /** @type {any} */ (this.#failure.error).retryAfter === undefined) this.#failure = null;
  }

  /** The network is back. */
  async online() {
    this.#retry();
    if (this.hint.get() === "owed") await this.inTurn(undefined, (signal) => this.#payOwed(signal));
    await this.revalidate();
  }

  /** Tell Sallyport of a logout that it has not heard of. @param {AbortSignal} signal */
  async #payOwed(signal) {
    if (this.hint.get() !== "owed") return;
    const { status } = await this.transport.post("/auth/logout", {}, signal);
    if (status === 204) this.hint.set("out");
  }

  /** Run what replaces the refresh token: no refresh meanwhile, here or in another tab. @template T
   * @param {AbortSignal | undefined} signal @param {(signal: AbortSignal) => Promise<T>} run */
  inTurn(signal, run) {
    return within(signal, (limit) =>
      this.tabs.inTurn(() => {
        stopIf(limit);
        return run(limit);
      }),
    );
  }

  /** The same, in place of a refresh that is under way. @template T
   * @param {AbortSignal | undefined} signal @param {(signal: AbortSignal) => Promise<T>} run */
  first(signal, run) {
    this.#yield();
    this.tabs.tell({ type: "yield" });
    return this.inTurn(signal, run);
  }

  #refreshOnce() {
    this.#refreshing ??= this.#refreshed().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** @returns {Promise<string>} */
  async #refreshed() {
    const before = this.held?.token;
    for (;;) {
      this.#mustBeOpen();
      this.#mustNotWait();
      const making = new AbortController();
      this.#yield = () => making.abort(YIELDED);
      try {
        return await within(making.signal, (signal) => this.tabs.inTurn((waited) => this.#refreshUnless(before, waited, signal)));
      } catch (error) {
        if (error === YIELDED || making.signal.aborted) continue;
        this.#fail(error);
        throw error;
      } finally {
        this.#yield = () => {};
      }
    }
  }

  /** Refresh, unless another tab just has. @param {string | undefined} before @param {boolean} waited @param {AbortSignal} signal */
  async #refreshUnless(before, waited, signal) {
    const another = () => (this.held && this.held.token !== before ? this.alive() : null);
    if (waited && !another() && !this.#failure && this.tabs.channel) {
      const word = new Promise((resolve) => {
        this.#wordCame = () => resolve(null);
        setTimeout(resolve, WORD, null);
      });
      this.tabs.tell({ type: "ask" });
      await word;
    }
    stopIf(signal);
    this.#mustBeOpen();
    const token = another();
    if (token) return token;
    this.#mustNotWait();
    return this.refresh(signal);
  }

  /** Only for whoever has the turn. An answer counts only if what was sent is still current. @param {AbortSignal} signal */
  async refresh(signal) {
    const { isCookie } = this.transport;
    for (let attempt = 0; attempt < 3; attempt++) {
      await this.#payOwed(signal).catch(() => {});
      stopIf(signal);
      if (this.held && !this.held.kept) throw this.#end("ended");
      const sent = isCookie ? undefined : await this.store.get();
      const known = this.hint.get();
      if (sent === null || known === "out" || known === "owed") throw this.#end("logged_out");
      const epoch = this.#epoch;
      const answer = await this.transport.post("/auth/refresh", { refresh_token: sent }, signal);
      const isCurrent = isCookie ? epoch === this.#epoch : (await this.store.get()) === sent;
      if (!isCurrent) continue;
      const { status, body, retryAfter } = answer;
      if (status === 200) return this.keep(body);
      if (status === 401 && body.code === "invalid_grant") {
        await this.#forgetHere();
        this.tabs.tell({ type: "ended", session: this.state.session });
        throw this.#end("ended");
      }
      if (status !== 409 || !isCookie) throw new Problem(status, body, retryAfter);
    }
    throw new Problem(409, { code: "superseded" });
  }

  /**
   * Keep an answer's tokens, and tell the other tabs. Returns the access token. Raises LoggedOut if a refresh brought those of
   * somebody else: they are kept for the tabs that they belong to.
   *
   * @param {Record<string, any>} body @param {"login" | "tokens"} [type]
   */
  async keep(body, type = "tokens") {
    const { access_token: token, session_id: session, expires_in, refresh_token } = body;
    if (typeof token !== "string") throw new Unreachable("200 without an access token is no answer of Sallyport's");
    if (!this.transport.isCookie) await this.store.set(refresh_token);
    await this.keepDevice(body);
    const held = { token, came: this.now(), life: expires_in * 1000, user: subject(token) ?? session, session, kept: true };
    this.hint.set("in");
    this.tabs.tell({ type, held });
    this.#epoch++;
    if (type === "tokens" && this.state.user && this.state.user !== held.user) throw this.#end("other_user");
    this.#hold(held, true, type);
    return token;
  }

  /** @param {Record<string, any>} body */
  async keepDevice({ device_token }) {
    if (device_token && !this.transport.isCookie) await this.device.set(device_token);
  }

  /** @param {Held} held @param {boolean} here @param {string} type */
  #hold(held, here, type) {
    this.held = held;
    this.#failure = null;
    this.#failures = 0;
    this.#become({ status: "in", user: held.user, session: held.session });
    if (type === "login") this.#emit("login", { here, user: held.user });
    this.#emit("refresh", { here, expiresAt: held.came + held.life });
  }

  /** Forget everything, and tell the other tabs. @param {"out" | "owed"} known */
  async logOut(known) {
    const { user } = this.state;
    await this.#forgetHere();
    if (this.transport.isCookie) this.hint.set(known);
    this.tabs.tell({ type: "logout" });
    this.#become({ status: "out" });
    this.#emit("logout", { here: true, user });
  }

  async #forgetHere() {
    this.#epoch++;
    this.held = null;
    this.hint.set("out");
    if (!this.transport.isCookie) await this.store.set(null);
  }

  /** The session is over, or nobody had one. Returns what to raise. @param {Exclude<Reason, "nobody">} reason */
  #end(reason) {
    const { status, user, session } = this.state;
    this.held = null;
    if (status !== "in") {
      if (status !== "ended") this.#become({ status: "out" });
      return new LoggedOut("nobody");
    }
    this.#become({ status: "ended", user, session, reason });
    if (reason === "logged_out") this.#emit("logout", { here: false, user });
    else this.#emit("ended", { reason, user });
    return new LoggedOut(reason);
  }

  /** One failure answers everybody for a while. @param {unknown} error */
  #fail(error) {
    if (!(error instanceof Unreachable || error instanceof Problem)) return;
    const most = Math.min(60_000, 1000 * 2 ** ++this.#failures);
    const life = error.retryAfter === undefined ? most / 2 + (Math.random() * most) / 2 : error.retryAfter * 1000;
    this.#failure = { error, since: this.now(), life };
    this.tabs.tell({ type: "failed", since: this.now(), life, status: error.status, message: error.message,
      retryAfter: error.retryAfter, problem: error instanceof Problem ? error.problem : null }); // prettier-ignore
  }

  #mustNotWait() {
    const failure = this.#failure;
    const age = failure ? this.now() - failure.since : -1;
    if (failure && age >= 0 && age < failure.life) throw failure.error;
    this.#failure = null;
  }

  /** @param {any} message from another tab */
  #hear(message) {
    const { status, user, session } = this.state;
    const { type, held } = message;
    if (type === "yield") this.#yield();
    else if (type === "ask") {
      if (this.held && this.#part(this.held) < 0.8) this.tabs.tell({ type: "tokens", held: this.held });
    } else if (type === "failed") {
      const { problem, message: said, since, life, ...told } = message;
      const error = problem ? new Problem(told.status, problem, told.retryAfter) : new Unreachable(said, told);
      this.#failure = { error, since, life };
      this.#wordCame();
    } else if (type === "tokens" || type === "login") {
      if (type === "login") this.#epoch++;
      if (status === "in" && held.user !== user) this.#end("other_user");
      else if (status !== "ended" && (type === "login" || held.came >= (this.held?.came ?? 0))) this.#hold(held, false, type);
      if (status === "ended" && type === "login") this.#emit("login", { here: false, user: held.user });
      this.#wordCame();
    } else if (type === "logout") {
      this.#epoch++;
      this.#end("logged_out");
    } else if (type === "ended" && session === message.session) this.#end("ended");
  }

  /** Tell whether somebody seems to be logged in. */
  async #isKnown() {
    return this.transport.isCookie ? this.hint.get() === "in" : (await this.store.get()) !== null;
  }
}

/** Read whose an access token is. Nothing is decided by it but whether two are of one user. @param {string} token */
function subject(token) {
  try {
    const [, payload] = token.split(".");
    return /** @type {string | undefined} */ (JSON.parse(atob(payload.replace(/-/g, "+").replace(/_/g, "/"))).sub);
  } catch {
    return undefined;
  }
}
