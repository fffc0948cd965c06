// Run against a live server: SALLYPORT_URL=http://127.0.0.1:8787 node --test clients/js/
import assert from "node:assert/strict";
import { test } from "node:test";

import { LoggedOut, Problem, Sallyport } from "./sallyport.js";

const URL = process.env.SALLYPORT_URL ?? "http://127.0.0.1:8787";
const PAGE = "http://127.0.0.1:5173";
const DEMO = /** @type {const} */ (["demo@example.com", "correct horse battery staple"]);

let moved = 0;
const now = () => Date.now() + moved;

async function wait(seconds) {
  await fetch(`${URL}/_dev/clock`, { method: "POST", body: JSON.stringify({ advance_seconds: seconds }) });
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
  return async (input, init) => {
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
  };
}

function recorded(calls) {
  return (input, init) => {
    calls.push(new globalThis.URL(input.url ?? input).pathname);
    return fetch(input, init);
  };
}

const generation = (token) => JSON.parse(atob(token.split(".")[1])).gen;
const me = async (client) => (await client.fetch(`${URL}/auth/me`)).status;
const loggedIn = async (options = {}) => {
  const client = new Sallyport({ url: URL, now, ...options });
  await client.login(...DEMO);
  return client;
};

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
  const ends = new AbortController();
  const patience = t.mock.method(AbortSignal, "timeout", () => ends.signal, { times: 1 });
  const silent = (_input, { signal }) => new Promise((_, reject) => (signal.onabort = () => reject(signal.reason)));
  const stuck = new Sallyport({ url: URL, store, locks, now, fetch: silent }).accessToken();
  const waiting = me(other);
  setImmediate(() => ends.abort());
  await assert.rejects(stuck, { name: "AbortError" });
  assert.deepEqual(patience.mock.calls[0].arguments, [30_000]);
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
