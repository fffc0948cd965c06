// The client in real tabs of a real browser: locks, channels, cookies and history that no fake has. tests/e2e/test_js_client.py
// starts what these need. What needs no browser is in clients/js/test, in time that is moved by hand.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, afterEach, beforeEach, test } from "node:test";

import { launch } from "./engines.mjs";
import { mailOf } from "./outbox.mjs";

const { API, PAGE } = process.env;
const DEMO = ["demo@example.com", "correct horse battery staple"];
const OTHER = ["other@example.com", "four small words here"];

// It takes requests and answers none, until it is told to.
const held = new Set();
const silent = createServer((_request, answer) => held.add(answer)).listen(0, "127.0.0.1");
await new Promise((resolve) => silent.once("listening", resolve));
const SILENT = `http://127.0.0.1:${silent.address().port}/`;
const release = () => held.forEach((answer) => answer.end());

const browser = await launch();
let profile;
beforeEach(async () => (profile = await browser.profile()));
afterEach(async () => {
  release();
  await profile.close();
});
after(async () => {
  await browser.close();
  silent.closeAllConnections();
  silent.close();
});

async function tab({ lacks = [] } = {}) {
  const query = new URLSearchParams([["api", API], ["silent", SILENT], ...lacks.map((name) => ["lacks", name])]);
  const opened = await profile.tab(`${PAGE}/client.html?${query}`);
  await opened.until(() => window.isReady);
  const call = (name, ...given) => opened.run(([name, given]) => told(client[name](...given)), [name, given]);
  return {
    ...opened,
    call,
    state: () => opened.run(() => client.state),
    status: async () => (await opened.run(() => client.state)).status,
    me: async () => (await call("me")).value?.email ?? null,
    calls: () => opened.run(() => network.calls.splice(0)),
    events: () => opened.run(() => events.splice(0)),
    set: (change) => opened.run((change) => void Object.assign(network, change), change),
    becomes: (status) => opened.until(`client.state.status === "${status}"`),
  };
}

async function loggedIn(options) {
  const opened = await tab(options);
  assert.deepEqual((await opened.call("login", ...DEMO)).error, undefined);
  await opened.calls();
  return opened;
}

const post = async (path, body) => {
  const answer = await fetch(API + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  return answer.json();
};
const advance = (seconds) => fetch(`${API}/_dev/clock`, { method: "POST", body: JSON.stringify({ advance_seconds: seconds }) }).then((answer) => answer.text());

test("B19 a stranger costs no call; after a login a reload is in, after a logout it is out", async () => {
  const one = await tab();
  assert.deepEqual(await one.call("resume"), { value: false });
  assert.deepEqual(await one.calls(), []);

  assert.deepEqual(await one.call("login", ...DEMO), { value: { kept: true } });
  const again = await tab();
  assert.deepEqual(await again.call("resume"), { value: true });
  assert.deepEqual((await one.call("logout")).value, { ended: true });

  const last = await tab();
  assert.deepEqual(await last.call("resume"), { value: false });
  assert.deepEqual(await last.calls(), []);
});

test("a login and a logout are heard in the other tab", async () => {
  const [one, other] = [await tab(), await tab()];
  await other.call("resume");
  await one.call("login", ...DEMO);
  await other.becomes("in");
  assert.equal(await other.me(), DEMO[0]);
  assert.deepEqual(await other.calls(), ["/auth/me"]);

  await other.call("logout");
  await one.becomes("ended");

  assert.deepEqual([await one.events(), await other.events()], [["login true", "logout false"], ["login false", "logout true"]]);
  assert.deepEqual(await one.call("me"), { error: "LoggedOut", reason: "logged_out" });
});

test("B6 two tabs that log in at the same moment are both in", async () => {
  const tabs = [await tab(), await tab()];
  for (let round = 0; round < 2; round++) {
    await Promise.all(tabs.map((each) => each.call("login", ...DEMO)));

    assert.deepEqual(await Promise.all(tabs.map((each) => each.me())), [DEMO[0], DEMO[0]]);
  }
});

test("B17 five tabs that are due at once make one refresh", async () => {
  const tabs = [await loggedIn(), ...(await Promise.all([1, 2, 3, 4].map(() => tab())))];
  await Promise.all(tabs.slice(1).map((each) => each.call("resume")));
  await advance(601);
  await Promise.all(tabs.map((each) => each.set({ moved: 601_000, calls: [] })));

  const tokens = await Promise.all(tabs.map((each) => each.call("accessToken")));

  assert.equal(new Set(tokens.map(({ value }) => value)).size, 1);
  assert.deepEqual((await Promise.all(tabs.map((each) => each.calls()))).flat(), ["/auth/refresh"]);
});

test("B1 a tab that is suspended in its refresh keeps the others from nothing", async () => {
  const [stuck, one] = [await loggedIn(), await tab()];
  await one.call("resume");
  await Promise.all([stuck, one].map((each) => each.set({ moved: 601_000 })));
  await stuck.set({ goes: "silent" });
  stuck.run(() => void client.accessToken().catch(() => {})).catch(() => {});
  await stuck.until(() => network.calls.includes("/auth/refresh"));
  const suspended = stuck.run((url) => { // its only thread waits, and its lock is held
    const request = new XMLHttpRequest();
    request.open("GET", url, false);
    try { request.send(); } catch {}
  }, SILENT);
  suspended.catch(() => {});
  const began = performance.now();

  const { error } = await one.call("accessToken");

  assert.equal(error, undefined);
  const took = performance.now() - began;
  assert.ok(took > 4_000 && took < 15_000, `${took} ms`); // it waited for its turn, and no longer
  release();
  await suspended.catch(() => {});
});

test("B2 a network that hangs keeps nobody from a good token, nor from logging in and out", async () => {
  const [one, other] = [await loggedIn(), await tab()];
  await other.call("resume");
  await Promise.all([one, other].map((each) => each.set({ moved: 500_000, goes: "silent" })));
  const quick = await Promise.all([one, other].map((each) => each.run(async () => {
    const began = performance.now();
    await client.accessToken();
    return performance.now() - began;
  }))); // prettier-ignore
  assert.ok(quick.every((took) => took < 1_000), `${quick} ms`);
  await one.set({ moved: 601_000 });
  one.run(() => void client.accessToken().catch(() => {}));
  await one.until(() => network.calls.filter((path) => path === "/auth/refresh").length > 0);
  await other.set({ goes: "on" });

  const { value } = await other.call("logout");

  assert.equal(value.ended, true);
  await one.becomes("ended");
});

test("B7 a browser that keeps no cookie is noticed, and logging out everywhere ends what it says", async () => {
  const phone = await post("/auth/login", { email: DEMO[0], password: DEMO[1] });
  const one = await tab();
  await one.set({ goes: "without cookies" });

  assert.deepEqual(await one.call("login", ...DEMO), { value: { kept: false } });
  assert.equal(await one.me(), DEMO[0]);
  assert.deepEqual((await one.call("logout", { everywhere: true })).value, { ended: true });

  assert.equal((await post("/auth/refresh", { refresh_token: phone.refresh_token })).code, "invalid_grant");
});

test("B11 when another tab logs in as somebody else, no call goes out in their name until the app says so", async () => {
  const { request } = await post("/auth/register", { email: OTHER[0] });
  const { token } = await mailOf(API, OTHER[0], request);
  await post("/auth/verify-email", { token, password: OTHER[1] });
  const [one, other] = [await loggedIn(), await tab()];
  await other.call("login", ...OTHER);
  await one.becomes("ended");
  await one.calls();

  assert.deepEqual(await one.call("me"), { error: "LoggedOut", reason: "other_user" });
  assert.deepEqual(await one.calls(), []);
  assert.deepEqual(await one.call("resume"), { value: true });
  assert.equal(await one.me(), OTHER[0]);
});

test("B12 a logout without a network is one on this device, also after a reload, and is told as soon as there is one", async () => {
  const [one, other] = [await loggedIn(), await loggedIn()];
  await one.set({ goes: "nowhere" });

  assert.equal((await one.call("logout")).value.ended, false);

  await other.becomes("ended");
  const reloaded = await tab();
  assert.deepEqual(await reloaded.call("resume"), { value: false });
  assert.deepEqual(await reloaded.calls(), ["/auth/logout"]);
  const last = await tab();
  assert.deepEqual(await last.call("resume", { ask: true }), { value: false });
});

test("B8, B18 who comes back by the history to a page of a session that is over hears of it", async () => {
  const [one, other] = [await loggedIn(), await tab()];
  await one.open("about:blank");
  await other.call("resume");
  await other.call("logout");

  await one.back();
  await one.until(() => window.isReady);

  assert.notEqual(await one.status(), "in");
  assert.deepEqual(await one.call("resume"), { value: false });
});

test("B18 on focus a session that was ended elsewhere shows", async () => {
  const one = await loggedIn();
  const elsewhere = await post("/auth/login", { email: DEMO[0], password: DEMO[1] });
  await fetch(`${API}/auth/logout`, { method: "POST", headers: { authorization: `Bearer ${elsewhere.access_token}`, "content-type": "application/json" }, body: '{"everywhere": true}' });
  await one.set({ moved: 31_000 });

  await one.run(() => void window.dispatchEvent(new Event("focus")));

  await one.becomes("ended");
});

test("B13 without locks, channels and AbortSignal.timeout two tabs stay logged in", async () => {
  const lacks = ["locks", "BroadcastChannel", "timeout"];
  const tabs = [await loggedIn({ lacks }), await tab({ lacks })];
  assert.deepEqual(await tabs[1].call("resume"), { value: true });
  for (let round = 1; round <= 2; round++) {
    await advance(601);
    await Promise.all(tabs.map((each) => each.set({ moved: round * 601_000 })));

    assert.deepEqual(await Promise.all(tabs.map((each) => each.me())), [DEMO[0], DEMO[0]]);
  }
  await tabs[0].call("logout");
  assert.equal(await tabs[1].me(), null);
});
