// Run against a live server: SALLYPORT_URL=http://127.0.0.1:8787 node --test clients/js/live.test.js
import assert from "node:assert/strict";
import { test } from "node:test";

import { mailOf } from "../../tests/node/outbox.mjs";
import { LoggedOut, Problem, Sallyport } from "./src/index.js";

const URL = process.env.SALLYPORT_URL ?? "http://127.0.0.1:8787";
const PAGE = "http://127.0.0.1:5173";
const DEMO = /** @type {const} */ (["demo@example.com", "correct horse battery staple"]);

let moved = 0;
const now = () => Date.now() + moved;

/** Read an answer to its end: Node aborts one that is left unread when it collects garbage, and perhaps its connection. */
async function read(answer) {
  await answer.arrayBuffer();
  return answer;
}

async function wait(seconds) {
  await read(await fetch(`${URL}/_dev/clock`, { method: "POST", body: JSON.stringify({ advance_seconds: seconds }) }));
  moved += seconds * 1000;
}

/** A store that several clients share, as tabs share theirs. */
function sharedStore(token = null) {
  return { get: async () => token, set: async (value) => void (token = value), peek: () => token };
}

/** Web Locks for clients of one process. */
function sharedLocks() {
  let last = Promise.resolve();
  return {
    request(_name, run) {
      const mine = last.then(run);
      last = mine.catch(() => {});
      return mine;
    },
  };
}

/** A browser's cookie jar, and the headers that a browser adds for a page of ours. */
function browser() {
  const jar = new Map();
  return Object.assign(send, { jar });

  async function send(input, init) {
    const request = new Request(input, init);
    request.headers.set("origin", PAGE);
    if (init?.credentials === "include") {
      const held = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      if (held) request.headers.set("cookie", held);
    }
    const answer = await fetch(request);
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split("=");
      line.includes("Max-Age=0") ? jar.delete(name) : jar.set(name, value);
    }
    return answer;
  }
}

function recorded(calls, send = fetch) {
  return (input, init) => {
    calls.push(new globalThis.URL(input.url ?? input).pathname);
    return send(input, init);
  };
}

const generation = (token) => JSON.parse(atob(token.split(".")[1])).gen;
const me = async (client) => (await read(await client.fetch(`${URL}/auth/me`))).status;
const loggedIn = async (options = {}) => {
  const client = new Sallyport({ url: URL, now, ...options });
  await client.login(...DEMO);
  return client;
};

const FIRST = "four small words here";
const SECOND = "five other words there";
let accounts = 0;

/** A client whose new account has a password, and nobody logged in. */
async function registered(options = {}) {
  const client = new Sallyport({ url: URL, now, ...options });
  const email = `user-${Date.now()}-${accounts++}@example.com`;
  const { request } = await client.register(email);
  await client.verifyEmail({ request, code: (await mailOf(URL, email, request)).code }, FIRST);
  return { client, email };
}

/** The same, logged in. */
async function joined(options = {}) {
  const { client, email } = await registered(options);
  await client.login(email, FIRST);
  return { client, email };
}

const isProblem = (status, code) => (error) => error instanceof Problem && error.status === status && error.code === code;

test("logs in, calls, and refreshes at 80 % of the access token's life", async () => {
  const calls = [];
  const client = await loggedIn({ fetch: recorded(calls) });
  assert.equal(await me(client), 200);
  await wait(470);
  assert.equal(await me(client), 200);
  assert.equal(calls.filter((path) => path === "/auth/refresh").length, 0);
  await wait(20);
  assert.equal(await me(client), 200);
  assert.equal(calls.filter((path) => path === "/auth/refresh").length, 1);
});

test("a wrong password is a problem with a code, and opens nothing", async () => {
  const client = new Sallyport({ url: URL, now });
  await assert.rejects(client.login(DEMO[0], "wrong"), (error) => error instanceof Problem && error.code === "invalid_credentials");
  await assert.rejects(client.accessToken(), LoggedOut);
});

test("it needs nothing that React Native lacks: time limits by AbortSignal, exceptions of the DOM, bodies as streams", async (t) => {
  t.mock.method(AbortSignal, "timeout", () => assert.fail("AbortSignal.timeout"));
  t.mock.getter(globalThis, "DOMException", () => undefined);
  t.mock.getter(Response.prototype, "body", () => undefined);
  const { client } = await joined({ now: () => 0, locks: undefined });
  await wait(601);
  assert.equal(await me(client), 200);
  await client.changePassword(FIRST, SECOND);
  assert.equal(await me(client), 200);
});

test("no timer keeps a program running once its answer has come", async (t) => {
  const begun = t.mock.method(globalThis, "setTimeout");
  const ended = t.mock.method(globalThis, "clearTimeout");
  await loggedIn();
  const timers = begun.mock.calls.filter((call) => call.arguments[1] === 30_000).map((call) => call.result);
  assert.equal(timers.length, 1);
  assert.ok(ended.mock.calls.some((call) => call.arguments[0] === timers[0]));
});

test("many callers at once share one refresh", async () => {
  const calls = [];
  const client = await loggedIn({ fetch: recorded(calls) });
  await wait(550);
  const statuses = await Promise.all(Array.from({ length: 20 }, () => me(client)));
  assert.deepEqual(new Set(statuses), new Set([200]));
  assert.equal(calls.filter((path) => path === "/auth/refresh").length, 1);
});

test("after API Gateway's 403 it refreshes once and repeats once, with the same body", async () => {
  const calls = [];
  const client = await loggedIn({ fetch: recorded(calls), now: () => 0 }); // a clock that stands still sees no expiry
  await wait(601);
  assert.equal(await me(client), 200);
  assert.deepEqual(calls, ["/auth/login", "/auth/me", "/auth/refresh", "/auth/me"]);
});

for (const locks of [undefined, sharedLocks()]) {
  test(`two tabs that refresh at once both stay logged in (${locks ? "with" : "without"} Web Locks)`, async () => {
    const store = sharedStore();
    const one = await loggedIn({ store, locks });
    const other = new Sallyport({ url: URL, store, locks, now });
    for (let round = 0; round < 5; round++) {
      await wait(550);
      assert.deepEqual(await Promise.all([me(one), me(other)]), [200, 200]);
    }
  });
}

test("an answer to a token that is no longer the current one is not acted upon", async () => {
  const store = sharedStore();
  const other = new Sallyport({ url: URL, store, now });
  let isFirst = true;
  const slow = async (input, init) => {
    const answer = await fetch(input, init);
    if (isFirst && String(input.url ?? input).endsWith("/auth/refresh")) {
      isFirst = false;
      await other.accessToken(); // another tab is faster: it gets a sibling, which is the store's now
    }
    return answer;
  };
  const client = await loggedIn({ store, fetch: slow });
  await wait(550);
  assert.equal(await me(client), 200);
  assert.equal(generation(store.peek()), 3);
});

test("a straggler's 409 is answered by looking at the store again", async () => {
  const store = sharedStore();
  const client = await loggedIn({ store });
  const old = store.peek();
  await wait(550);
  await me(client);
  await wait(550);
  await me(client);
  const current = store.peek();
  let reads = 0;
  const stale = { ...store, get: async () => (reads++ < 2 ? old : current) };
  const late = new Sallyport({ url: URL, store: stale, now });
  await assert.rejects(late.accessToken(), (error) => error instanceof Problem && error.code === "superseded");
  assert.equal(await me(late), 200);
  assert.equal(store.peek() === null, false);
});

test("a login waits for a refresh under way, or the older cookie could replace the newer", async () => {
  const page = browser();
  const calls = [];
  const traced = async (input, init) => {
    const path = new globalThis.URL(input.url ?? input).pathname;
    calls.push(`to ${path}`);
    const answer = await page(input, init);
    calls.push(`from ${path}`);
    return answer;
  };
  const client = await loggedIn({ mode: "cookie", fetch: traced, locks: sharedLocks() });
  await wait(550);
  calls.length = 0;
  await Promise.all([client.accessToken(), client.login(...DEMO)]);
  assert.deepEqual(calls, ["to /auth/refresh", "from /auth/refresh", "to /auth/login", "from /auth/login"]);
});

test("a network that swallows a refresh keeps the other tabs waiting for half a minute and no longer", async (t) => {
  const store = sharedStore();
  const locks = sharedLocks();
  const other = await loggedIn({ store, locks });
  await wait(550);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const ends = [];
  const silent = (_input, { signal }) =>
    new Promise((_, reject) => {
      signal.onabort = () => (ends.push("given up"), reject(signal.reason));
      setImmediate(() => (t.mock.timers.tick(29_999), ends.push("waited"), t.mock.timers.tick(1)));
    });
  const stuck = new Sallyport({ url: URL, store, locks, now, fetch: silent }).accessToken();
  const waiting = me(other);
  await assert.rejects(stuck, { name: "AbortError" });
  assert.deepEqual(ends, ["waited", "given up"]);
  assert.equal(await waiting, 200);
});

test("when the session is gone the user has to log in, and the token is forgotten", async () => {
  const store = sharedStore();
  const client = await loggedIn({ store });
  const other = new Sallyport({ url: URL, store: sharedStore(store.peek()), now });
  await other.logout();
  await wait(550);
  await assert.rejects(client.accessToken(), LoggedOut);
  assert.equal(store.peek(), null);
});

test("a tab that logs out after another tab did keeps no access token either", async () => {
  const store = sharedStore();
  const one = await loggedIn({ store });
  const other = new Sallyport({ url: URL, store, now });
  await other.accessToken();
  await one.logout();
  await other.logout();
  await assert.rejects(other.accessToken(), LoggedOut);
});

test("no request of one session is repeated in another that a second tab has begun", async () => {
  const calls = [];
  const store = sharedStore();
  const one = await loggedIn({ store });
  const other = new Sallyport({ url: URL, store, now, fetch: recorded(calls) });
  assert.equal(await me(other), 200);
  await one.logout();
  await one.login(...DEMO);
  await assert.rejects(me(other), LoggedOut);
  assert.deepEqual(calls, ["/auth/refresh", "/auth/me", "/auth/me", "/auth/refresh"]);
  assert.equal(await me(other), 200);
});

test("logging out ends the session, and everywhere ends them all", async () => {
  const phone = await loggedIn();
  const laptop = await loggedIn();
  await phone.logout({ everywhere: true });
  await assert.rejects(phone.accessToken(), LoggedOut);
  await wait(550);
  await assert.rejects(laptop.accessToken(), LoggedOut);
});

test("in cookie mode no script holds a refresh token, and all else is the same", async () => {
  const client = await loggedIn({ mode: "cookie", fetch: browser() });
  assert.equal(await client.store.get(), null);
  for (let round = 0; round < 3; round++) {
    await wait(550);
    assert.equal(await me(client), 200);
  }
  await client.logout();
  await assert.rejects(client.accessToken(), LoggedOut);
});

for (const mode of /** @type {const} */ (["body", "cookie"])) {
  test(`a network that loses a tenth of all requests and answers logs nobody out (${mode})`, async () => {
    let seed = 7;
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    const page = mode === "cookie" ? browser() : fetch;
    let lossy = false;
    const losing = async (input, init) => {
      if (lossy && random() < 0.05) throw new TypeError("lost on the way there");
      const answer = await page(input, init);
      if (lossy && random() < 0.05) throw new TypeError("lost on the way back");
      return answer;
    };
    const client = await loggedIn({ mode, fetch: losing });
    lossy = true;
    let good = 0;
    for (let call = 0; call < 50; call++) {
      await wait(200);
      try {
        good += (await me(client)) === 200 ? 1 : 0;
      } catch (error) {
        assert.ok(!(error instanceof LoggedOut), "an honest client was logged out");
      }
    }
    assert.ok(good > 30);
  });
}

for (const mode of /** @type {const} */ (["body", "cookie"])) {
  const channel = () => ({ mode, fetch: mode === "cookie" ? browser() : fetch });

  test(`an account begins by code or by link, once, and its owner logs in (${mode})`, async () => {
    const client = new Sallyport({ url: URL, now, ...channel() });
    const email = `by-link-${Date.now()}@example.com`;
    const { request, expiresIn } = await client.register(email);
    const { token } = await mailOf(URL, email, request);
    await client.verifyEmail({ token }, FIRST);
    await assert.rejects(client.accessToken(), LoggedOut);
    await assert.rejects(client.verifyEmail({ token }, FIRST), isProblem(400, "invalid_token"));
    await client.login(email, FIRST);
    assert.equal(await me(client), 200);
    assert.equal(await me((await joined(channel())).client), 200);
    assert.equal(expiresIn, 1800);
  });

  test(`a forgotten password is replaced by mail, and every session ends (${mode})`, async () => {
    const { client, email } = await joined(channel());
    const { request } = await client.forgotPassword(email);
    await client.resetPassword({ request, code: (await mailOf(URL, email, request)).code }, SECOND);
    await wait(550);
    await assert.rejects(client.accessToken(), LoggedOut);
    await assert.rejects(client.login(email, FIRST), isProblem(401, "invalid_credentials"));
    await client.login(email, SECOND);
    assert.equal(await me(client), 200);
  });

  test(`after a change of password this session goes on, for a month of refreshes, and the others are over (${mode})`, async () => {
    const { client, email } = await joined(channel());
    const phone = new Sallyport({ url: URL, now, ...channel() });
    await phone.login(email, FIRST);
    await assert.rejects(client.changePassword("not mine", SECOND), isProblem(403, "invalid_credentials"));
    await client.changePassword(FIRST, SECOND);
    assert.equal(await me(client), 200);
    for (let week = 0; week < 4; week++) {
      await wait(7 * 86_400);
      assert.equal(await me(client), 200);
    }
    await assert.rejects(phone.accessToken(), LoggedOut);
  });

  test(`a login name moves when the new address is confirmed, and not before (${mode})`, async () => {
    const { client, email } = await joined(channel());
    const moved = `moved-${email}`;
    await assert.rejects(client.changeEmail(moved, "not mine"), isProblem(403, "invalid_credentials"));
    const { request } = await client.changeEmail(moved, FIRST);
    await assert.rejects(client.confirmEmail({ request, code: "00000000" }), isProblem(400, "invalid_token"));
    await client.login(email, FIRST);
    await client.confirmEmail({ token: (await mailOf(URL, moved, request)).token });
    assert.equal(await me(client), 200);
    await assert.rejects(client.login(email, FIRST), isProblem(401, "invalid_credentials"));
    await client.login(moved, FIRST);
  });

  test(`a deleted account is gone, and nothing of it is kept (${mode})`, async () => {
    const { client, email } = await joined({ ...channel(), device: sharedStore() });
    await assert.rejects(client.deleteAccount("not mine"), isProblem(403, "invalid_credentials"));
    await client.deleteAccount(FIRST);
    await assert.rejects(client.accessToken(), LoggedOut);
    assert.deepEqual([await client.store.get(), await client.device.get()], [null, null]);
    if (mode === "cookie") assert.deepEqual([...client.send.jar.keys()], ["__Host-sallyport_device"]);
    await assert.rejects(client.login(email, FIRST), isProblem(401, "invalid_credentials"));
  });

  test(`an access token that has run out is renewed before a password is sent with it, or once after (${mode})`, async () => {
    const calls = [];
    const { mode: _, fetch: send } = channel();
    const { client } = await joined({ mode, fetch: recorded(calls, send) });
    await wait(550);
    calls.length = 0;
    await client.changePassword(FIRST, SECOND);
    assert.deepEqual(calls, ["/auth/refresh", "/auth/password/change"]);
    client.now = () => 0; // a clock that stands still sees no expiry
    await wait(601);
    calls.length = 0;
    await client.changePassword(SECOND, FIRST);
    assert.deepEqual(calls, ["/auth/password/change", "/auth/refresh", "/auth/password/change"]);
  });
}

test("in body mode the device token is kept over a logout, and sent at the next login", async () => {
  const device = sharedStore();
  const bodies = [];
  const watched = async (input, init) => (bodies.push(init?.body && JSON.parse(init.body)), fetch(input, init));
  const { client, email } = await registered({ device, fetch: watched });
  const given = device.peek();
  await client.login(email, FIRST);
  const renewed = device.peek();
  await client.logout();
  await client.login(email, FIRST);
  await client.changePassword(FIRST, SECOND);
  const sent = bodies.filter((body) => body.mode && !("code" in body)).map((body) => body.device_token);
  assert.deepEqual(sent, [given, renewed]);
  assert.equal(new Set([given, renewed, device.peek()]).size, 3);
  assert.ok(device.peek());
});

test("a change of password waits for a refresh under way, and another tab goes on with its tokens", async () => {
  const options = { store: sharedStore(), locks: sharedLocks() };
  const calls = [];
  const { client } = await joined({ ...options, fetch: recorded(calls) });
  const other = new Sallyport({ url: URL, now, ...options, fetch: recorded(calls) });
  await wait(550);
  calls.length = 0;
  await Promise.all([other.accessToken(), client.changePassword(FIRST, SECOND)]);
  assert.deepEqual(calls, ["/auth/refresh", "/auth/refresh", "/auth/password/change"]);
  assert.deepEqual([await me(client), await me(other)], [200, 200]);
});

test("a refresh that a change of password overtakes starts again with the new token, and logs nobody out", async () => {
  const store = sharedStore();
  const { client } = await joined({ store });
  let isFirst = true;
  const slow = async (input, init) => {
    if (isFirst) {
      isFirst = false;
      await client.changePassword(FIRST, SECOND); // the token that is about to be sent dies
    }
    return fetch(input, init);
  };
  const late = new Sallyport({ url: URL, store, now, fetch: slow });
  assert.equal(await me(late), 200);
  assert.equal(await me(client), 200);
});

test("no password is changed in a session that another tab has begun", async () => {
  const store = sharedStore();
  const { client, email } = await joined({ store });
  const other = new Sallyport({ url: URL, store, now });
  await other.logout();
  await other.login(email, FIRST);
  await assert.rejects(client.changePassword(FIRST, SECOND), LoggedOut);
  await other.login(email, FIRST);
});

test("a refusal names its code, its fields in words, and the seconds to wait", async () => {
  const client = new Sallyport({ url: URL, now });
  await assert.rejects(client.register("nobody"), isProblem(400, "invalid_email"));
  const proof = { request: "A".repeat(22), code: "12345678" };
  await assert.rejects(client.verifyEmail(proof, "short"), (error) => {
    assert.deepEqual([error.code, error.retryAfter], ["password_too_short", undefined]);
    assert.deepEqual(error.errors.map(({ field, code }) => [field, code]), [["password", "password_too_short"]]);
    assert.match(error.errors[0].detail, /at least \d+ characters/);
    return true;
  });
  const askedAtOnce = Array.from({ length: 25 }, () => client.forgotPassword("stranger@example.com").catch((error) => error));
  const tooMany = (await Promise.all(askedAtOnce)).find((answer) => answer instanceof Problem);
  assert.deepEqual([tooMany.status, tooMany.code], [429, "too_many_attempts"]);
  assert.ok(tooMany.retryAfter >= 1);
});
