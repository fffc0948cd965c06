// What happens in the field, each case by its number (B1 to B20), on a Sallyport and a browser made of nothing.
import assert from "node:assert/strict";
import { test } from "node:test";

import { LoggedOut, Problem, Sallyport, SallyportError, Unreachable } from "../src/index.js";
import { originOf } from "../src/transport.js";
import { API, URL, gateway, memoryHint, nobody, page, problem, sharedStore, silence, world } from "./world.js";

const ANN = ["ann@example.com", "correct horse battery staple"];
const BOB = ["bob@example.com", "correct horse battery staple"];
const LOCK = `sallyport ${URL}`;
const MINUTE = 60_000;

/** A browser with one tab in which ann is logged in. */
async function withAnn(t, options) {
  const browser = world(t, options);
  const tab = browser.tab();
  await browser.soon(tab.login(...ANN));
  browser.service.calls.length = 0;
  return { ...browser, one: tab };
}

// B1

for (const { name, act } of [
  { name: "a call", act: (tab) => tab.fetch(`${API}/orders`) },
  { name: "a login", act: (tab) => tab.login(...ANN) },
  { name: "a logout", act: (tab) => tab.logout() },
]) {
  test(`B1 ${name} waits five seconds for a tab that is suspended, and then goes on without its turn`, async (t) => {
    const { one, locks, pass, soon } = await withAnn(t);
    await pass(11 * MINUTE);
    locks.suspend(LOCK);

    const { error, took } = await soon(act(one));

    assert.equal(error, undefined);
    assert.ok(took >= 5_000 && took < 6_000, `${took} ms`);
    assert.equal((await soon(one.login(...ANN))).error, undefined);
  });
}

for (const { name, mode, options, lock } of [
  { name: "an address with a slash", mode: "cookie", options: { url: `${URL}/` }, lock: LOCK },
  { name: "an address in capitals, with its port", mode: "cookie", options: { url: "HTTPS://AUTH.example.com:443" }, lock: LOCK },
  { name: "a store with a name", mode: "body", options: { store: sharedStore("refresh s 1", "phone") }, lock: "sallyport phone" },
]) {
  test(`B1 the lock is the store's, whatever the address: ${name}`, async (t) => {
    const { tab, locks, soon } = world(t, { mode });

    await soon(tab(options).accessToken());

    assert.deepEqual(locks.names, [lock]);
  });
}

test("B1 an engine whose locks refuse is one without locks", async (t) => {
  const { tab, soon } = world(t);
  const locks = { request: async () => { throw new Error("SecurityError"); } };

  const { error } = await soon(tab({ locks }).login(...ANN));

  assert.equal(error, undefined);
});

// B2

test("B2 between 80 and 100 % of its life the token is used at once, and a new one fetched behind", async (t) => {
  const { one, service, pass, soon } = await withAnn(t);
  const before = (await soon(one.accessToken())).value;
  await pass(479_000);
  assert.deepEqual([(await soon(one.accessToken())).value, service.paths()], [before, []]);
  await pass(2_000);
  service.instead.set("/auth/refresh", silence);

  const { value, took } = await soon(one.accessToken());

  assert.deepEqual([value, took], [before, 0]);
  assert.deepEqual(service.paths(), ["/auth/refresh"]);
});

test("B2 on a network that hangs four tabs with a good token call at once, and with a dead one hear after ten seconds", async (t) => {
  const { one, tab, service, pass, soon } = await withAnn(t);
  const tabs = [one, tab(), tab(), tab()];
  await pass(1);
  await soon(Promise.all(tabs.slice(1).map((other) => other.resume())));
  await pass(500_000);
  service.instead.set("/auth/refresh", silence);
  for (const each of tabs) assert.equal((await soon(each.accessToken())).took, 0);
  await pass(120_000);

  const answers = tabs.map((each) => soon(each.accessToken()));
  const heard = await Promise.all(tabs.map((each) => each.accessToken().catch((error) => error)).concat(soon(answers[0])));

  for (const { error, took } of await Promise.all(answers)) {
    assert.ok(error instanceof Unreachable);
    assert.ok(took <= 10_000, `${took} ms`);
  }
  assert.ok(heard.slice(0, 4).every((error) => error instanceof Unreachable));
});

for (const [act, where] of [["login", "here"], ["logout", "here"], ["login", "in another tab"], ["logout", "in another tab"]]) {
  test(`B2 a ${act} does not wait for a refresh that hangs ${where}`, async (t) => {
    const { one, tab, service, pass, soon } = await withAnn(t);
    const other = where === "here" ? one : tab();
    await pass(11 * MINUTE);
    service.instead.set("/auth/refresh", silence);
    const waiting = other.accessToken().catch((error) => error);
    await pass(100);
    assert.equal(service.count("/auth/refresh"), 1);
    service.instead.clear();

    const { error, took } = await soon(one[act](...ANN));

    assert.equal(error, undefined);
    assert.ok(took < 1_000, `${took} ms`);
    const { value } = await soon(waiting);
    act === "login" ? assert.match(value, /^h\./) : assert.ok(value instanceof LoggedOut);
  });
}

test("B2 who waits in one user's name while another logs in here gets nobody's token", async (t) => {
  const { one, service, pass, soon } = await withAnn(t);
  await pass(11 * MINUTE);
  service.instead.set("/auth/refresh", silence);
  const waiting = one.fetch(`${API}/orders`).catch((error) => error);
  await pass(100);
  service.instead.clear();

  await soon(one.login(...BOB));

  assert.equal((await soon(waiting)).value.reason, "other_user");
  assert.equal(service.count(`${API}/orders`), 0);
  assert.equal(one.state.user, "bob");
});

// B3

test("B3 one failure answers everybody until Retry-After, in every tab, and then one call goes out", async (t) => {
  const { one, tab, service, pass, soon } = await withAnn(t);
  const other = tab();
  await soon(other.resume());
  await pass(11 * MINUTE);
  service.calls.length = 0;
  service.instead.set("/auth/refresh", () => problem(503, "service_unavailable", { retry_after: 30 }, { "retry-after": "30" }));

  for (let call = 0; call < 20; call++) {
    const { error } = await soon([one, other][call % 2].accessToken());
    assert.deepEqual([error.name, error.status, error.retryAfter], ["Problem", 503, 30]);
  }
  assert.equal(service.count("/auth/refresh"), 1);
  await pass(29_000);
  await soon(one.accessToken());
  assert.equal(service.count("/auth/refresh"), 1);
  service.instead.clear();
  await pass(1_000);

  assert.equal((await soon(one.accessToken())).error, undefined);
  assert.equal(service.count("/auth/refresh"), 2);
});

test("B3 without Retry-After the pause grows from one second to a minute, and not all clients end it together", async (t) => {
  const { one, service, pass, soon } = await withAnn(t);
  await pass(11 * MINUTE);
  service.instead.set("/auth/refresh", nobody);
  const random = t.mock.method(Math, "random", () => 0);
  const pause = async () => {
    await soon(one.accessToken());
    const before = service.count("/auth/refresh");
    for (let waited = 0; ; waited += 500) {
      await soon(one.accessToken());
      if (service.count("/auth/refresh") > before) return waited;
      await pass(500);
    }
  };

  const pauses = [];
  for (let round = 0; round < 8; round++) pauses.push(await pause());
  random.mock.mockImplementation(() => 0.999);
  const longest = [await pause(), await pause()].at(-1);

  assert.deepEqual(pauses.map((wait) => Math.round(wait / 1000)).slice(0, 3), [1, 2, 4]);
  assert.ok(Math.max(...pauses) >= 29_000 && Math.max(...pauses) <= 31_000, `${pauses}`);
  assert.ok(longest > 59_000 && longest <= 60_000, `${longest}`);
});

test("B3 the network's return ends the pause, but not one that Sallyport asked for", async (t) => {
  const { one, service, pass, soon } = await withAnn(t);
  await pass(11 * MINUTE);
  service.instead.set("/auth/refresh", nobody);
  await soon(one.accessToken());
  service.instead.set("/auth/refresh", () => problem(503, "service_unavailable", { retry_after: 300 }));
  one.page.dispatchEvent(new Event("online"));
  await pass(100);
  assert.equal(service.count("/auth/refresh"), 2);

  one.page.dispatchEvent(new Event("online"));
  await pass(100);

  assert.equal(service.count("/auth/refresh"), 2);
});

// B4

test("B4 the access token goes to Sallyport and to named origins, and nowhere else", async (t) => {
  const { one, service, soon } = await withAnn(t);
  const refused = [
    "https://elsewhere.example.com/", "https://api.example.com.evil.example/", "https://auth.example.com@evil.example/",
    "http://api.example.com/", "https://api.example.com:8443/", "data:,x",
  ]; // prettier-ignore

  for (const url of refused) {
    const { error } = await soon(one.fetch(url));
    assert.ok(error instanceof SallyportError || error instanceof TypeError, url);
    assert.equal(error.code, error instanceof SallyportError ? "origin_not_named" : undefined);
  }
  assert.deepEqual(service.paths(), []);
  for (const url of [`${API}/x`, `${URL}/auth/me`, `${API}:443/y`]) assert.equal((await soon(one.fetch(url))).value.status, 200);
});

test("B4 an address that could be read in two ways has no origin, where no engine has tidied it", () => {
  for (const url of ["https://api.example.com\\@evil.example/", "https://api.example.com@evil.example", "https://api.example.com evil", "//api.example.com"]) {
    assert.equal(originOf(url), "");
  }
  assert.equal(originOf("https://[::1]:8443?x"), "https://[::1]:8443");
});

test("B4 an origin that is none is a mistake that shows at once", () => {
  assert.throws(() => new Sallyport({ url: URL, origins: ["api.example.com"] }), { name: "SallyportError" });
  assert.throws(() => new Sallyport({ url: "auth.example.com" }), { name: "SallyportError" });
});

// B5

const OWN_REFUSALS = [
  { name: "its own 403 as JSON", answer: () => new Response('{"error":"not yours"}', { status: 403, headers: { "content-type": "application/json" } }) },
  { name: "a 403 with a message and more", answer: () => new Response('{"statusCode":403,"message":"Forbidden"}', { status: 403, headers: { "content-type": "application/json" } }) },
  { name: "a problem", answer: () => problem(403, "not_yours") },
  { name: "its own 401 as JSON", answer: () => new Response('{"error":"totp_required"}', { status: 401, headers: { "content-type": "application/json" } }) },
  { name: "a page of a firewall", answer: () => page(403) },
];
for (const { name, answer } of OWN_REFUSALS) {
  test(`B5 ${name} goes to the caller, and nothing is sent twice`, async (t) => {
    const { one, service, soon } = await withAnn(t);
    service.instead.set(`${API}/orders`, answer);

    const { value } = await soon(one.fetch(`${API}/orders`, { method: "POST", body: "{}" }));

    assert.ok([401, 403].includes(value.status));
    assert.ok((await value.text()).length > 5); // it can still be read
    assert.deepEqual(service.paths(), [`${API}/orders`]);
  });
}

const GATEWAY_REFUSALS = [
  { name: "HTTP API's 401", answer: () => gateway(401, "Unauthorized") },
  { name: "HTTP API's 403", answer: () => gateway(403, "Forbidden") },
  { name: "REST API's 403", answer: () => new Response('{"Message":"User is not authorized to access this resource with an explicit deny"}', { status: 403, headers: { "content-type": "application/json" } }) },
  { name: "another gateway's 401", answer: () => page(401) },
];
for (const { name, answer } of GATEWAY_REFUSALS) {
  test(`B5 after ${name} it refreshes once and repeats once, with the same body, and never twice for one token`, async (t) => {
    const { one, service, soon } = await withAnn(t);
    service.instead.set(`${API}/orders`, answer);
    const post = () => soon(one.fetch(`${API}/orders`, { method: "POST", body: '{"a":1}' }));

    const { value } = await post();

    assert.equal(value.status, answer().status);
    assert.deepEqual(service.calls.filter(({ to }) => to === `${API}/orders`).map(({ body }) => body), [{ a: 1 }, { a: 1 }]);
    assert.deepEqual(service.paths(), [`${API}/orders`, "/auth/refresh", `${API}/orders`]);
    await post();
    await post();
    assert.deepEqual(service.paths(), [`${API}/orders`, `${API}/orders`]);
  });
}

test("B5 ten calls that are refused with one token share one refresh", async (t) => {
  const { one, service, soon } = await withAnn(t);
  for (const session of service.sessions.values()) session.access.clear();

  const { value } = await soon(Promise.all(Array.from({ length: 10 }, (_, call) => one.fetch(`${API}/${call}`))));

  assert.deepEqual(value.map(({ status }) => status), Array(10).fill(200));
  assert.equal(service.count("/auth/refresh"), 1);
});

test("B5 a call that is refused late, with the token before, costs no other refresh", async (t) => {
  const { one, service, pass, soon } = await withAnn(t);
  for (const session of service.sessions.values()) session.access.clear();
  let answerLate;
  service.instead.set(`${API}/late`, (asked) => (answerLate ? service.answer(asked) : new Promise((resolve) => (answerLate = () => resolve(service.answer(asked))))));
  const late = one.fetch(`${API}/late`);
  await soon(one.fetch(`${API}/orders`));
  await pass(100);

  answerLate();

  assert.equal((await soon(late)).value.status, 200);
  assert.equal(service.count("/auth/refresh"), 1);
});

// B6

test("B6 two tabs that log in at the same moment are both in", async (t) => {
  for (const locks of [undefined, null]) {
    await t.test(locks === null ? "without Web Locks" : "with Web Locks", async (t) => {
      const { tab, service, soon } = world(t);
      const [one, other] = [tab(), tab()];

      await soon(Promise.all([one.login(...ANN), other.login(...ANN)]));

      for (const each of [one, other]) {
        assert.equal(each.state.status, "in");
        assert.equal((await soon(each.fetch(`${API}/orders`))).value.status, 200);
      }
      assert.equal(one.state.session, other.state.session);
      assert.equal(service.live.length, 1);
    });
  }
});

// B7

test("B7 a cookie that the browser refuses is noticed at login and said, and the session lasts as long as its token", async (t) => {
  const { tab, service, pass, soon } = world(t, { takesCookies: false });
  const one = tab();

  assert.deepEqual((await soon(one.login(...ANN))).value, { kept: false });
  await pass(9 * MINUTE);
  assert.equal((await soon(one.revalidate())).value, true);
  assert.equal((await soon(one.fetch(`${API}/orders`))).value.status, 200);
  assert.equal(service.count("/auth/refresh"), 1); // the one at login

  await pass(2 * MINUTE);
  assert.ok((await soon(one.accessToken())).error instanceof LoggedOut);
});

test("B7 a cookie that was taken is said, too", async (t) => {
  const { tab, soon } = world(t);

  assert.deepEqual((await soon(tab().login(...ANN))).value, { kept: true });
});

for (const everywhere of [false, true]) {
  test(`B7 with the cookie gone, logging out ${everywhere ? "everywhere" : "here"} still ends the session, by the access token`, async (t) => {
    const { one, jar, service, soon, device } = await withAnn(t);
    await soon(device().tab().login(...ANN));
    jar.clear();

    const { value } = await soon(one.logout({ everywhere }));

    assert.deepEqual(value, { ended: true });
    assert.equal(service.live.length, everywhere ? 0 : 1);
  });
}

test("B7 who has neither a cookie nor a living token is not told that all is ended", async (t) => {
  const { one, jar, pass, soon } = await withAnn(t);
  await pass(11 * MINUTE);
  jar.clear();

  const { value } = await soon(one.logout({ everywhere: true }));

  assert.equal(value.ended, false);
  assert.ok(value.cause instanceof LoggedOut);
  assert.equal(one.state.status, "out");
});

test("B7 everywhere is not said of a session that was ended elsewhere: a dead token ends nothing", async (t) => {
  const { one, service, soon, device } = await withAnn(t);
  const phone = device().tab();
  await soon(phone.login(...ANN));
  service.sessions.delete(one.state.session);

  const { value } = await soon(one.logout({ everywhere: true }));

  assert.equal(value.ended, false);
  assert.equal(service.live.length, 1);
});

// B11

test("B11 when another tab logs in as somebody else, no call goes out in their name until the app says so", async (t) => {
  const { one, tab, service, pass, soon } = await withAnn(t);
  const other = tab();
  await soon(other.login(...BOB));
  await pass(10);
  assert.deepEqual([one.state.status, one.state.reason, one.state.user], ["ended", "other_user", "ann"]);
  service.calls.length = 0;

  for (let call = 0; call < 3; call++) {
    const { error } = await soon(one.fetch(`${API}/orders`));
    assert.deepEqual([error.name, error.reason], ["LoggedOut", "other_user"]);
  }
  assert.deepEqual(service.paths(), []);

  assert.equal((await soon(one.resume())).value, true);
  assert.equal(one.state.user, "bob");
});

test("B11 so it is without a channel, when a refresh brings somebody else's token", async (t) => {
  const { tab, service, soon } = world(t);
  const one = tab({ channel: null });
  await soon(one.login(...ANN));
  await soon(tab({ channel: null }).login(...BOB));
  const calls = () => service.calls.filter(({ to }) => to.startsWith(API)).length;

  for (let call = 0; call < 3; call++) assert.equal((await soon(one.fetch(`${API}/orders`))).error?.reason, "other_user");

  assert.equal(calls(), 1); // refused, as that session is over
});

test("B11 when the user logs out in one tab and somebody else in, the first page stays theirs and says nothing", async (t) => {
  const { one, tab, pass, soon } = await withAnn(t);
  const other = tab();
  await soon(other.resume());
  await soon(other.logout());
  await pass(10);
  assert.deepEqual([one.state.status, one.state.reason], ["ended", "logged_out"]);
  await soon(other.login(...BOB));
  await pass(10);

  assert.equal((await soon(one.accessToken())).error.reason, "logged_out");
});

test("B11 in body mode the other user's tokens stay in the store that the tabs share", async (t) => {
  const { tab, service, store, soon } = world(t, { mode: "body" });
  const one = tab({ channel: null });
  await soon(one.login(...ANN));
  await soon(tab({ channel: null }).login(...BOB));

  assert.equal((await soon(one.refresh())).error.reason, "other_user");

  assert.equal(service.of(store.peek()).user, "bob");
});

// B12

for (const mode of ["body", "cookie"]) {
  test(`B12 a logout without a network forgets the user, and says that Sallyport does not know (${mode})`, async (t) => {
    const { one, tab, hint, store, service, pass, soon } = await withAnn(t, { mode });
    for (const path of ["/auth/logout", "/auth/refresh"]) service.instead.set(path, nobody);

    const { value, error } = await soon(one.logout());

    assert.equal(error, undefined);
    assert.equal(value.ended, false);
    assert.ok(value.cause instanceof Unreachable);
    assert.equal(one.state.status, "out");
    assert.equal((await soon(tab().resume())).value, false); // nor after a reload
    assert.equal(mode === "body" ? store.peek() : hint.get(), mode === "body" ? null : "owed");
    if (mode === "body") return;
    service.instead.clear();
    one.page.dispatchEvent(new Event("online"));
    await pass(100);
    assert.deepEqual([service.live, hint.get()], [[], "out"]); // as soon as it can be told
  });
}

test("B12 a logout that hangs is over after ten seconds", async (t) => {
  const { one, service, soon } = await withAnn(t);
  service.instead.set("/auth/logout", silence);

  const { value, took } = await soon(one.logout());

  assert.deepEqual([value.ended, took], [false, 10_000]);
  assert.equal(one.state.status, "out");
});

test("B12 a logout that the caller aborts changes nothing", async (t) => {
  const { one, service, pass, soon } = await withAnn(t);
  service.instead.set("/auth/logout", silence);
  const stop = new AbortController();
  const waiting = one.logout({ signal: stop.signal });
  waiting.catch(() => {});
  await pass(10);

  stop.abort();

  assert.equal((await soon(waiting)).error.name, "AbortError");
  assert.equal(one.state.status, "in");
});

// B13

test("B13 it works where AbortSignal.timeout, AbortSignal.any, DOMException, Web Locks, BroadcastChannel and localStorage are missing", async (t) => {
  t.mock.method(AbortSignal, "timeout", () => assert.fail("AbortSignal.timeout"));
  if (AbortSignal.any) t.mock.method(AbortSignal, "any", () => assert.fail("AbortSignal.any"));
  t.mock.getter(Response.prototype, "body", () => assert.fail("a body as a stream"));
  const { service, pass, soon } = world(t, { mode: "body" });
  const client = new Sallyport({ url: `${URL}/`, store: sharedStore(), fetch: service.fetch(), origins: [API] });

  assert.equal((await soon(client.login(...ANN))).error, undefined);
  await pass(11 * MINUTE);
  assert.equal((await soon(client.fetch(`${API}/orders`))).value.status, 200);
  assert.deepEqual((await soon(client.logout())).value, { ended: true });
});

test("B13 without Web Locks clients of one program still take turns, by store", async (t) => {
  const { tab, service, pass, soon } = world(t, { mode: "body" });
  const [one, other] = [tab({ locks: null }), tab({ locks: null })];
  await soon(one.login(...ANN));
  await pass(11 * MINUTE);
  service.calls.length = 0;

  await soon(Promise.all([one.accessToken(), other.accessToken()]));

  assert.deepEqual(service.paths(), ["/auth/refresh"]);
});

// B14

test("B14 a token that came later than now is stale: the clock was set back", async (t) => {
  let moved = 0;
  const { tab, service, soon } = world(t);
  const one = tab({ now: () => Date.now() + moved });
  await soon(one.login(...ANN));
  const before = (await soon(one.accessToken())).value;
  service.calls.length = 0;
  moved = -60 * MINUTE;

  const { value } = await soon(one.accessToken());

  assert.notEqual(value, before);
  assert.deepEqual(service.paths(), ["/auth/refresh"]);
  await soon(one.accessToken());
  assert.deepEqual(service.paths(), []);
});

test("B14 whoever knows better asks for a fresh one", async (t) => {
  const { one, service, soon } = await withAnn(t);
  const before = (await soon(one.accessToken())).value;

  const fresh = (await soon(one.accessToken({ fresh: true }))).value;

  assert.notEqual(fresh, before);
  assert.equal((await soon(one.accessToken())).value, fresh);
  assert.deepEqual(service.paths(), ["/auth/refresh"]);
});

// B15

for (const { name, answer } of [
  { name: "502 with HTML", answer: () => page(502) },
  { name: "200 with a hotel's login page", answer: () => page(200) },
  { name: "broken JSON", answer: () => new Response('{"access_tok', { status: 200, headers: { "content-type": "application/json" } }) },
  { name: "JSON that is no object", answer: () => new Response("null", { status: 200, headers: { "content-type": "application/json" } }) },
  { name: "another service's 200", answer: () => new Response('{"ok":true}', { status: 200, headers: { "content-type": "application/json" } }) },
  { name: "nobody", answer: nobody },
]) {
  test(`B15 ${name} is Unreachable, with a message, and logs nobody in or out`, async (t) => {
    const { one, service, pass, soon } = await withAnn(t);
    await pass(11 * MINUTE);
    for (const path of ["/auth/refresh", "/auth/login"]) service.instead.set(path, answer);

    for (const { error } of [await soon(one.accessToken()), await soon(one.login(...ANN))]) {
      assert.ok(error instanceof Unreachable && error instanceof SallyportError);
      assert.match(error.message, /Sallyport|nobody answers/);
    }

    assert.equal(one.state.status, "in");
    service.instead.clear();
    await pass(MINUTE);
    assert.equal((await soon(one.fetch(`${API}/orders`))).value.status, 200);
  });
}

// B17

test("B17 five tabs that are due at once make one refresh, and none waits longer for it than for one", async (t) => {
  const { one, tab, service, pass, soon } = await withAnn(t);
  const tabs = [one, ...Array.from({ length: 4 }, () => tab())];
  await soon(Promise.all(tabs.map((each) => each.resume())));
  await pass(11 * MINUTE);
  service.calls.length = 0;
  service.latency = 400;

  const { value, took } = await soon(Promise.all(tabs.map((each) => each.accessToken())));

  assert.deepEqual(service.paths(), ["/auth/refresh"]);
  assert.equal(new Set(value).size, 1);
  assert.ok(took < 500, `${took} ms`);
});

test("B17 a tab whose turn comes before the word asks for it, and waits a moment", async (t) => {
  const { one, tab, service, pass, soon } = await withAnn(t);
  let late = null;
  const channel = { onmessage: null, close() {}, postMessage: (message) => (late = message) };
  const slow = tab({ channel });
  await soon(slow.resume());
  await pass(11 * MINUTE);
  service.calls.length = 0;
  late = null;
  const both = Promise.all([one.accessToken(), slow.accessToken()]);
  await pass(50);
  assert.equal(late.type, "ask");
  const held = { token: (await soon(one.accessToken())).value, came: Date.now(), life: 600_000, user: "ann", session: one.state.session, kept: true };

  channel.onmessage({ data: { type: "tokens", held } });

  assert.equal((await soon(both)).error, undefined);
  assert.deepEqual(service.paths(), ["/auth/refresh"]);
});

test("B17 a word that a frozen tab hears an hour later is an hour old", async (t) => {
  const { one, service, pass, soon } = await withAnn(t);
  const channel = { onmessage: null, close() {}, postMessage() {} };
  const frozen = new Sallyport({ url: URL, mode: "cookie", fetch: service.fetch(new Map()), hint: memoryHint("in"), locks: null, channel });
  const held = { token: "old", came: Date.now(), life: 600_000, user: "ann", session: one.state.session, kept: true };
  await pass(60 * MINUTE);

  channel.onmessage({ data: { type: "tokens", held } });

  assert.notEqual((await soon(frozen.accessToken())).value, "old");
});

// B18

for (const event of ["focus", "pageshow", "visibilitychange", "online"]) {
  test(`B18 on ${event} a page that was away for half a minute asks whether it is still logged in`, async (t) => {
    const { one, service, pass } = await withAnn(t);
    await pass(29_000);
    one.page.dispatchEvent(new Event(event));
    await pass(100);
    assert.deepEqual(service.paths(), []);
    service.sessions.clear();
    await pass(1_000);

    one.page.dispatchEvent(new Event(event));
    await pass(100);

    assert.deepEqual(service.paths(), ["/auth/refresh"]);
    assert.deepEqual([one.state.status, one.state.reason], ["ended", "ended"]);
    assert.deepEqual(one.events.at(-1), { event: "ended", reason: "ended", user: "ann" });
  });
}

test("B18 an app that resumes asks by itself, and hears whether somebody is logged in", async (t) => {
  const { one, service, pass, soon } = await withAnn(t);
  await pass(MINUTE);
  assert.equal((await soon(one.revalidate())).value, true);
  service.sessions.clear();
  await pass(MINUTE);
  assert.equal((await soon(one.revalidate())).value, false);
});

test("B18 a page that is closed, or has no user, asks nothing", async (t) => {
  const { one, tab, service, pass, soon } = await withAnn(t);
  const stranger = tab();
  one.close();
  await pass(MINUTE);
  for (const { page } of [one, stranger]) for (const event of ["focus", "online"]) page.dispatchEvent(new Event(event));
  await pass(100);
  assert.deepEqual(service.paths(), []);
  assert.equal((await soon(stranger.revalidate())).value, false);
});

// B19

test("B19 a stranger costs no call, nor does whoever has logged out; whoever asks to ask, does", async (t) => {
  const { tab, service, soon } = world(t);
  const stranger = tab();
  assert.equal((await soon(stranger.resume())).value, false);
  assert.equal((await soon(stranger.accessToken())).error.reason, "nobody");
  assert.deepEqual([service.paths(), stranger.state.status], [[], "out"]);

  await soon(stranger.login(...ANN));
  await soon(stranger.logout());
  service.calls.length = 0;
  assert.equal((await soon(tab().resume())).value, false);
  assert.deepEqual(service.paths(), []);

  assert.equal((await soon(tab().resume({ ask: true }))).value, false);
  assert.deepEqual(service.paths(), ["/auth/refresh"]);
});

test("B19 after a reload the cookie is all that is left, and enough", async (t) => {
  const { tab, soon } = await withAnn(t);

  const reloaded = tab();

  assert.equal((await soon(reloaded.resume())).value, true);
  assert.deepEqual([reloaded.state.status, reloaded.state.user], ["in", "ann"]);
});

// B20

test("B20 errors have names that no minifier changes, and keep all members", async (t) => {
  const { tab, service, soon } = world(t);
  const told = { detail: "Wait.", request_id: "q1", retry_after: 7, errors: [{ field: "email", code: "x", detail: "X." }], more: 1 };
  service.instead.set("/auth/login", () => problem(429, "too_many_attempts", told));
  const refused = (await soon(tab().login(...ANN))).error;
  service.instead.set("/auth/login", nobody);
  const away = (await soon(tab().login(...ANN))).error;
  const out = (await soon(tab().accessToken())).error;

  assert.deepEqual([refused, away, out].map(({ name }) => name), ["Problem", "Unreachable", "LoggedOut"]);
  assert.ok([refused, away, out].every((error) => error instanceof SallyportError && error instanceof Error));
  const { status, code, title, detail, retryAfter, requestId, errors } = refused;
  assert.deepEqual({ status, code, title, detail, retryAfter, requestId, errors },
    { status: 429, code: "too_many_attempts", title: "too_many_attempts", detail: "Wait.", retryAfter: 7, requestId: "q1", errors: told.errors }); // prettier-ignore
  assert.equal(refused.problem.more, 1);
  assert.equal(away.cause.cause.message, "ECONNREFUSED");
  assert.deepEqual(JSON.parse(JSON.stringify(refused)).problem, refused.problem);
  assert.match(JSON.parse(JSON.stringify(away)).cause, /fetch failed/);
  assert.match(structuredClone(refused).message, /429 too_many_attempts \(request q1\)/);
  assert.match(`${refused}`, /^Problem: 429/);
});

test("B20 an address may end with a slash", async (t) => {
  const { tab, service, soon } = world(t);

  await soon(tab({ url: `${URL}//` }).login(...ANN));

  assert.equal(service.calls[0].to, "/auth/login");
});
