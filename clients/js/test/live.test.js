// What only a real Sallyport can show: its rule of refreshes, its answers, its mails. The rest is in test/, without a server.
// Run against a live server: SALLYPORT_URL=http://127.0.0.1:8787 node --test clients/js/test/live.test.js
import assert from "node:assert/strict";
import { test } from "node:test";

import { mailOf } from "../../../tests/node/outbox.mjs";
import { LoggedOut, Problem, Sallyport } from "../src/index.js";

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

let stores = 0;

/** A store that several clients share, as tabs share theirs. */
function sharedStore(token = null) {
  const name = `store ${stores++}`;
  return { name, get: async () => token, set: async (value) => void (token = value), peek: () => token };
}

/** A browser's cookie jar, and the headers that a browser adds for a page of ours. */
function browser({ takesCookies = true } = {}) {
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
    for (const line of takesCookies ? answer.headers.getSetCookie() : []) {
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

test("logs in, calls, refreshes behind at 80 % of the access token's life, and logs out", async () => {
  const calls = [];
  const client = await loggedIn({ fetch: recorded(calls) });
  await wait(470);
  assert.equal(await me(client), 200);
  assert.deepEqual(calls, ["/auth/login", "/auth/me"]);
  const before = await client.accessToken();
  await wait(20);
  const renewed = new Promise((resolve) => client.on("refresh", resolve));
  assert.equal(await client.accessToken(), before);
  await renewed;
  assert.notEqual(await client.accessToken(), before);
  assert.deepEqual(await client.logout(), { ended: true });
  await assert.rejects(client.accessToken(), LoggedOut);
});

test("after API Gateway's 403 it refreshes once and repeats once, with the same body", async () => {
  const calls = [];
  const client = await loggedIn({ fetch: recorded(calls), now: () => 0 }); // a clock that stands still sees no expiry
  await wait(601);
  assert.equal(await me(client), 200);
  assert.deepEqual(calls, ["/auth/login", "/auth/me", "/auth/refresh", "/auth/me"]);
});

test("two clients without turns that refresh at once both stay logged in: the server's rule takes the race", async () => {
  const store = sharedStore();
  const locks = { request: (_name, _options, run) => run({}) };
  const one = await loggedIn({ store, locks });
  const other = new Sallyport({ url: URL, store, locks, now });
  for (let round = 0; round < 3; round++) {
    await wait(601);
    assert.deepEqual(await Promise.all([me(one), me(other)]), [200, 200]);
  }
});

test("a straggler's 409 is no logout", async () => {
  const store = sharedStore();
  const client = await loggedIn({ store });
  const old = store.peek();
  for (let round = 0; round < 2; round++) {
    await wait(601);
    await client.refresh();
  }
  const late = new Sallyport({ url: URL, store: sharedStore(old), now });
  await assert.rejects(late.accessToken(), isProblem(409, "superseded"));
  assert.equal(await me(client), 200);
});

test("a session that was ended elsewhere, and everywhere, is over here", async () => {
  const phone = await loggedIn();
  const laptop = await loggedIn();
  const sid = laptop.state.session;
  assert.ok((await phone.sessions()).some((session) => session.sid === sid && !session.current));
  await phone.endSession(sid);
  await assert.rejects(laptop.me(), LoggedOut);
  assert.deepEqual([laptop.state.status, laptop.state.reason], ["ended", "ended"]);
  const tablet = await loggedIn();
  assert.deepEqual(await phone.logout({ everywhere: true }), { ended: true });
  await assert.rejects(tablet.me(), LoggedOut);
});

test("in cookie mode no script holds a refresh token, and all else is the same", async () => {
  const store = sharedStore();
  const page = browser();
  const options = { url: URL, mode: "cookie", fetch: page, now, store };
  const client = new Sallyport(options);
  assert.deepEqual(await client.login(...DEMO), { kept: true });
  assert.equal(store.peek(), null);
  for (let round = 0; round < 2; round++) {
    await wait(601);
    assert.equal(await me(client), 200);
  }
  assert.equal(await new Sallyport(options).resume(), true);
  assert.deepEqual(await client.logout(), { ended: true });
  assert.deepEqual([...page.jar.keys()], ["__Host-sallyport_device"]);
  assert.equal(await new Sallyport(options).resume(), false);
});

test("in cookie mode two tabs that log in at once are both in", async () => {
  const options = { url: URL, mode: "cookie", fetch: browser(), now };
  const [one, other] = [new Sallyport(options), new Sallyport(options)];
  await Promise.all([one.login(...DEMO), other.login(...DEMO)]);
  assert.deepEqual([await me(one), await me(other)], [200, 200]);
});

test("a browser that takes no cookie is noticed at login, and logging out everywhere is true all the same", async () => {
  const phone = await loggedIn();
  const client = new Sallyport({ url: URL, mode: "cookie", fetch: browser({ takesCookies: false }), now });
  assert.deepEqual(await client.login(...DEMO), { kept: false });
  assert.equal(await me(client), 200);
  assert.deepEqual(await client.logout({ everywhere: true }), { ended: true });
  await assert.rejects(phone.me(), LoggedOut);
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
    for (let call = 0; call < 30; call++) {
      await wait(200);
      try {
        good += (await me(client)) === 200 ? 1 : 0;
      } catch (error) {
        assert.ok(!(error instanceof LoggedOut), "an honest client was logged out");
      }
    }
    assert.ok(good > 18);
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

  test(`after a change of password this session goes on, for weeks of refreshes, and the others are over (${mode})`, async () => {
    const { client, email } = await joined(channel());
    const phone = new Sallyport({ url: URL, now, ...channel() });
    await phone.login(email, FIRST);
    await assert.rejects(client.changePassword("not mine", SECOND), isProblem(403, "invalid_credentials"));
    await client.changePassword(FIRST, SECOND);
    assert.equal(await me(client), 200);
    for (let week = 0; week < 2; week++) {
      await wait(7 * 86_400);
      assert.equal(await me(client), 200);
    }
    await assert.rejects(phone.accessToken(), LoggedOut);
  });

  test(`a deleted account is gone, and nothing of it is kept (${mode})`, async () => {
    const [store, device, held] = [sharedStore(), sharedStore(), channel()];
    const { client, email } = await joined({ ...held, store, device });
    await assert.rejects(client.deleteAccount("not mine"), isProblem(403, "invalid_credentials"));
    assert.ok(mode === "cookie" || store.peek());
    await client.deleteAccount(FIRST);
    await assert.rejects(client.accessToken(), LoggedOut);
    assert.deepEqual([store.peek(), device.peek()], [null, null]);
    if (mode === "cookie") assert.deepEqual([...held.fetch.jar.keys()], ["__Host-sallyport_device"]);
    await assert.rejects(client.login(email, FIRST), isProblem(401, "invalid_credentials"));
  });
}

test("a forgotten password is replaced by mail, and every session ends", async () => {
  const { client, email } = await joined();
  const { request } = await client.forgotPassword(email);
  await client.resetPassword({ request, code: (await mailOf(URL, email, request)).code }, SECOND);
  await wait(601);
  await assert.rejects(client.accessToken(), LoggedOut);
  await assert.rejects(client.login(email, FIRST), isProblem(401, "invalid_credentials"));
  await client.login(email, SECOND);
  assert.equal(await me(client), 200);
});

test("a login name moves when the new address is confirmed, and not before", async () => {
  const { client, email } = await joined();
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
