// A Sallyport, a browser and a network made of nothing, in time that is moved by hand. No test that uses it waits.
import { setImmediate } from "node:timers/promises";

import { Sallyport } from "../src/index.js";

export const URL = "https://auth.example.com";
export const API = "https://api.example.com";
const LIFE = 600;

const base64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const json = (status, body, headers = {}) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": status < 400 || "message" in body ? "application/json" : "application/problem+json", ...headers },
  });
export const problem = (status, code, more = {}, headers = {}) => json(status, { status, code, title: code, ...more }, headers);
export const gateway = (status, message) => json(status, { message });
export const page = (status, text = "<html>no</html>") => new Response(text, { status, headers: { "content-type": "text/html" } });
export const nobody = () => {
  throw new TypeError("fetch failed", { cause: new Error("ECONNREFUSED") });
};
/** An answer that never comes. */
export const silence = () => new Promise(() => {});

/** Sessions, tokens and cookies as docs/api.md has them, without the rule of rotation, which has tests of its own. */
export class Service {
  calls = [];
  sessions = new Map();
  /** Milliseconds that an answer takes. */
  latency = 10;
  /** What answers in place of the service, by path. */
  instead = new Map();
  #count = 0;

  /** Return the `fetch` of a browser with this jar. It aborts as fetch does. */
  fetch(jar = new Map(), { takesCookies = true } = {}) {
    return async (input, init = {}) => {
      const request = input instanceof Request ? input : new Request(input, init);
      const { pathname, origin } = new globalThis.URL(request.url);
      const call = {
        to: origin === URL ? pathname : request.url,
        method: request.method,
        token: request.headers.get("authorization")?.slice(7) ?? null,
        body: request.method === "GET" ? {} : JSON.parse((await request.clone().text()) || "{}"),
        cookie: request.credentials === "include" && origin === URL ? (jar.get("refresh") ?? null) : null,
        at: Date.now(),
      };
      this.calls.push(call);
      const signal = init.signal ?? request.signal;
      const answered = async () => {
        if (this.latency) await new Promise((resolve) => setTimeout(resolve, this.latency));
        const answer = await (this.instead.get(call.to) ?? ((asked) => this.answer(asked)))(call);
        if (answer.cookie !== undefined && takesCookies && call.cookie !== undefined && request.credentials === "include") {
          answer.cookie === null ? jar.delete("refresh") : jar.set("refresh", answer.cookie);
        }
        return answer.response ?? answer;
      };
      const aborted = new Promise((_, reject) => {
        const stop = () => reject(signal.reason);
        signal.aborted ? stop() : signal.addEventListener("abort", stop);
      });
      return Promise.race([answered(), aborted]);
    };
  }

  tokens(session, isCookie) {
    const count = ++this.#count;
    const access = ["h", base64({ sub: session.user, sid: session.sid, count }), "s"].join(".");
    session.access.set(access, Date.now() + LIFE * 1000);
    session.refresh = `refresh ${session.sid} ${count}`;
    const body = { access_token: access, expires_in: LIFE, session_id: session.sid };
    if (isCookie) return { response: json(200, body), cookie: session.refresh };
    return { response: json(200, { ...body, refresh_token: session.refresh, device_token: `device ${count}` }) };
  }

  of(refresh) {
    return [...this.sessions.values()].find((session) => refresh?.startsWith(`refresh ${session.sid} `));
  }

  bearer(token) {
    return [...this.sessions.values()].find((session) => session.access.get(token) > Date.now());
  }

  get live() {
    return [...this.sessions.values()].map(({ user, sid }) => `${user} ${sid}`);
  }

  answer({ to, method, body, token, cookie }) {
    const line = `${method} ${to}`;
    if (line === "POST /auth/login") {
      if (body.password === "wrong") return problem(401, "invalid_credentials");
      const older = this.of(cookie);
      if (body.mode === "cookie" && older) this.sessions.delete(older.sid);
      const session = { sid: `s${++this.#count}`, user: body.email.split("@")[0], access: new Map() };
      this.sessions.set(session.sid, session);
      return this.tokens(session, body.mode === "cookie");
    }
    if (line === "POST /auth/refresh") {
      const session = this.of(body.refresh_token ?? cookie);
      return session ? this.tokens(session, !body.refresh_token) : problem(401, "invalid_grant");
    }
    if (line === "POST /auth/logout") {
      const session = token ? this.bearer(token) : this.of(body.refresh_token ?? cookie);
      for (const { sid, user } of [...this.sessions.values()]) {
        if (session && (sid === session.sid || (body.everywhere && user === session.user))) this.sessions.delete(sid);
      }
      return { response: new Response(null, { status: 204 }), ...(!token && { cookie: null }) };
    }
    const mailed = ["/auth/register", "/auth/password/forgot"];
    if (mailed.includes(to)) return json(202, { request: "R", expires_in: 1800 });
    if (["/auth/verify-email", "/auth/password/reset"].includes(to)) return json(200, { device_token: "device" });
    const session = this.bearer(token);
    if (!session) return gateway(token ? 403 : 401, token ? "Forbidden" : "Unauthorized");
    if (line === "POST /auth/password/change") return this.tokens(session, Boolean(cookie));
    if (line === "GET /auth/me") return json(200, { sub: session.user, email: `${session.user}@example.com`, roles: [], created_at: 0 });
    if (line === "GET /auth/sessions") return json(200, { sessions: [{ sid: session.sid, current: true }] });
    if (line === "POST /auth/email/change") return json(202, { request: "R", expires_in: 1800 });
    if (line === "POST /auth/me/delete") this.sessions.delete(session.sid);
    if (to.startsWith(API)) return json(200, { for: session.user, with: token });
    return new Response(null, { status: 204 });
  }

  /** The paths that were called since the last look. */
  paths() {
    return this.calls.splice(0).map(({ to }) => to);
  }

  count(path) {
    return this.calls.filter(({ to }) => to === path).length;
  }
}

/** Web Locks. A holder may be suspended: then it never lets go. */
export class Locks {
  #last = new Map();

  async request(name, { ifAvailable, signal }, run) {
    const queue = this.#last.get(name) ?? [];
    if (ifAvailable && queue.length) return run(null);
    const mine = {};
    this.#last.set(name, [...queue, mine]);
    const leave = () => this.#last.set(name, this.#last.get(name).filter((other) => other !== mine));
    try {
      while (this.#last.get(name)[0] !== mine) {
        await setImmediate();
        if (signal?.aborted) throw signal.reason;
      }
      return await run({ name });
    } finally {
      leave();
    }
  }

  /** Take a lock for ever, as a tab does whose renderer is stopped. */
  suspend(name) {
    this.request(name, {}, silence);
  }

  get names() {
    return [...this.#last.keys()];
  }
}

/** BroadcastChannels of one name: whoever else has one hears, a little later. */
export class Channels {
  #open = new Set();

  channel() {
    const open = this.#open;
    const channel = {
      onmessage: null,
      postMessage(message) {
        const data = structuredClone(message);
        for (const other of open) if (other !== channel) queueMicrotask(() => other.onmessage?.({ data }));
      },
      close: () => open.delete(channel),
    };
    open.add(channel);
    return channel;
  }
}

export const memoryHint = (known = "out") => ({ get: () => known, set: (now) => void (known = now) });
export const sharedStore = (token = null, name = "kept") => ({
  name,
  get: async () => token,
  set: async (value) => void (token = value),
  peek: () => token,
});

/** One browser: a jar, a hint, locks and channels that its tabs share; and time, which only `pass` moves. */
export function world(t, { mode = "cookie", takesCookies = true } = {}) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_800_000_000_000 });
  t.mock.method(Math, "random", () => 0.5);
  const service = new Service();
  const device = (browser = {}) => {
    const jar = new Map();
    const locks = new Locks();
    const channels = new Channels();
    const hint = memoryHint();
    const store = sharedStore();
    const fetch = service.fetch(jar, { takesCookies });
    const tab = (options = {}) => {
      const page = new EventTarget();
      const client = new Sallyport({ url: URL, mode, origins: [API], fetch, locks, channel: channels.channel(), page,
        ...(mode === "cookie" ? { hint } : { store }), ...browser, ...options }); // prettier-ignore
      const events = [];
      for (const event of ["login", "logout", "ended", "refresh"]) client.on(event, (told) => events.push({ event, ...told }));
      return Object.assign(client, { page, events });
    };
    return { tab, jar, locks, hint, store };
  };
  return { service, device, ...device(), pass: (ms) => pass(t, ms), soon: (promise, ms) => soon(t, promise, ms) };
}

/** Let time pass, in steps, so that what waits for each other goes on in between. */
async function pass(t, milliseconds) {
  const step = Math.max(10, Math.ceil(milliseconds / 400));
  for (let left = milliseconds; left > 0; left -= step) {
    await settled();
    t.mock.timers.tick(Math.min(step, left));
  }
  await settled();
}

async function settled() {
  for (let turn = 0; turn < 4; turn++) await setImmediate();
}

/** Let time pass until something is done. Returns it, and says how long it took. */
async function soon(t, promise, most = 30_000) {
  const began = Date.now();
  let isDone = false;
  const done = () => void (isDone = true);
  promise.then(done, done);
  for (await settled(); !isDone; await settled()) {
    if (Date.now() - began >= most) throw new Error(`not done within ${most} ms`);
    t.mock.timers.tick(10);
  }
  const outcome = await promise.then((value) => ({ value }), (error) => ({ error }));
  return { ...outcome, took: Date.now() - began };
}
