// Every call, state, event and store, on a Sallyport and a browser made of nothing.
import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { LoggedOut, Problem, SallyportError } from "../src/index.js";
import { localStore } from "../src/stores/browser.js";
import { channelOf } from "../src/tabs.js";
import { fileStore } from "../src/stores/node.js";
import { keychainStore, secureStore } from "../src/stores/react-native.js";
import { API, URL, gateway, problem, sharedStore, silence, world } from "./world.js";

const ANN = ["ann@example.com", "correct horse battery staple"];
const BOB = ["bob@example.com", "correct horse battery staple"];
const MINUTE = 60_000;

/** Every method, and the routes that it calls. */
const CALLS = [
  { call: (client, how) => client.login(...ANN, how), routes: ["POST /auth/login"] },
  { call: (client, how) => client.refresh(how), routes: ["POST /auth/refresh"] },
  { call: (client, how) => client.me(how), routes: ["GET /auth/me"] },
  { call: (client, how) => client.sessions(how), routes: ["GET /auth/sessions"] },
  { call: (client, how) => client.endSession("a/b", how), routes: ["DELETE /auth/sessions/a%2Fb"] },
  { call: (client, how) => client.register("ann@example.com", how), routes: ["POST /auth/register"] },
  { call: (client, how) => client.verifyEmail({ token: "t" }, "p", how), routes: ["POST /auth/verify-email"] },
  { call: (client, how) => client.forgotPassword("ann@example.com", how), routes: ["POST /auth/password/forgot"] },
  { call: (client, how) => client.resetPassword({ request: "R", code: "1" }, "p", how), routes: ["POST /auth/password/reset"] },
  { call: (client, how) => client.changePassword("p", "q", how), routes: ["POST /auth/password/change"] },
  { call: (client, how) => client.changeEmail("new@example.com", "p", how), routes: ["POST /auth/email/change"] },
  { call: (client, how) => client.confirmEmail({ token: "t" }, how), routes: ["POST /auth/email/confirm"] },
  { call: (client, how) => client.logout(how), routes: ["POST /auth/logout"] },
  { call: (client, how) => client.deleteAccount("p", how), routes: ["POST /auth/me/delete"] },
];

/** What others need than a client of a user: gateways, and the other way to delete. */
const NOT_CALLED = ["GET /auth/verify", "DELETE /auth/me"];

async function withAnn(t, options = { mode: "body" }) {
  const browser = world(t, options);
  const one = browser.tab();
  await browser.soon(one.login(...ANN));
  browser.service.calls.length = 0;
  return { ...browser, one };
}

test("there is a method for every route of docs/api.yaml", async () => {
  const spec = await readFile(new globalThis.URL("../../../docs/api.yaml", import.meta.url), "utf8");
  const routes = [];
  let path = "";
  for (const line of spec.slice(spec.indexOf("\npaths:"), spec.indexOf("\ncomponents:")).split("\n")) {
    const [, found] = /^ {2}(\/auth\/.*):$/.exec(line) ?? [];
    if (/^ {2}\S/.test(line)) path = found ?? "";
    const [, method] = /^ {4}(get|post|put|patch|delete):$/.exec(line) ?? [];
    if (path && method) routes.push(`${method.toUpperCase()} ${path}`);
  }

  const called = CALLS.flatMap((entry) => entry.routes).map((route) => route.replace("a%2Fb", "{sid}"));
  assert.deepEqual(routes.sort(), [...called, ...NOT_CALLED].sort());
});

for (const { call, routes } of CALLS) {
  const [route] = routes;

  test(`${route} is called, and what it refuses is a Problem`, async (t) => {
    const { one, service, soon } = await withAnn(t);

    assert.equal((await soon(call(one))).error, undefined);
    assert.deepEqual(service.calls.map(({ method, to }) => `${method} ${to}`), routes);

    if (one.state.status === "out") await soon(one.login(...ANN));
    service.instead.set(route.split(" ")[1], () => problem(429, "too_many_attempts"));
    const { value, error } = await soon(call(one));
    assert.ok((error ?? value.cause) instanceof Problem);
    assert.equal((error ?? value.cause).code, "too_many_attempts");
  });

  test(`${route} stops when its signal aborts, with the signal's reason, and nobody waits ten seconds for it`, async (t) => {
    const { one, service, pass, soon } = await withAnn(t);
    service.instead.set(route.split(" ")[1], silence);
    const stop = new AbortController();
    const stopped = call(one, { signal: stop.signal });
    stopped.catch(() => {});
    await pass(10);
    assert.equal(service.calls.length, 1);
    stop.abort(new Error("enough"));
    assert.equal((await soon(stopped)).error.message, "enough");
    assert.equal((await soon(call(one, { signal: stop.signal }))).error.message, "enough"); // already

    const { value, error, took } = await soon(call(one));
    assert.equal((error ?? value.cause).name, "Unreachable");
    assert.ok(took <= 10_000, `${took} ms`);
  });
}

test("what they return is what docs/api.yaml says, in a page's words", async (t) => {
  const { one, soon } = await withAnn(t);
  const { value } = await soon(Promise.all([one.me(), one.sessions(), one.register("x@example.com"), one.verifyEmail({ token: "t" }, "p")]));

  assert.equal(value[0].email, "ann@example.com");
  assert.equal(value[1][0].current, true);
  assert.deepEqual(value[2], { request: "R", expiresIn: 1800 });
  assert.equal(value[3], undefined);
});

// state and events

test("the state goes from unknown to in, out and ended, and each is a frozen object of its own", async (t) => {
  const { tab, service, pass, soon } = world(t);
  const one = tab();
  const states = [one.state];
  one.on("change", (state) => states.push(state));

  await soon(one.resume());
  await soon(one.login(...ANN));
  await soon(one.logout());
  await soon(one.login(...BOB));
  service.sessions.clear();
  await pass(MINUTE);
  await soon(one.revalidate());

  assert.deepEqual(states.map(({ status, user, reason }) => [status, user, reason]), [
    ["unknown", null, null], ["out", null, null], ["in", "ann", null], ["out", null, null], ["in", "bob", null], ["ended", "bob", "ended"],
  ]); // prettier-ignore
  assert.ok(states.every(Object.isFrozen));
  assert.equal(one.state, one.state);
});

test("each tab hears of each login, refresh, logout and end, once", async (t) => {
  const { tab, service, pass, soon } = world(t);
  const [one, other] = [tab(), tab()];
  const heard = async () => (await pass(10), [one, other].map(({ events }) => events.splice(0).map(({ event, here }) => `${event} ${here}`)));

  await soon(one.login(...ANN));
  assert.deepEqual(await heard(), [["login true", "refresh true"], ["login false", "refresh false"]]);
  await soon(other.refresh());
  assert.deepEqual(await heard(), [["refresh false"], ["refresh true"]]);
  await soon(other.logout());
  assert.deepEqual(await heard(), [["logout false"], ["logout true"]]);
  await soon(other.login(...ANN));
  await soon(one.resume());
  await heard();
  service.sessions.clear();
  await soon(one.refresh());
  assert.deepEqual(await heard(), [["ended undefined"], ["ended undefined"]]);
});

test("a listener that throws disturbs nobody, and one that has stopped hears nothing", async (t) => {
  const { tab, pass, soon } = world(t);
  const one = tab();
  const heard = [];
  one.on("login", () => { throw new Error("a listener's own"); });
  one.on("login", ({ user }) => heard.push(user));
  one.on("login", () => heard.push("stopped"))();

  const login = one.login(...ANN);
  await assert.rejects(pass(100), { message: "a listener's own" }); // by a timer, where nobody awaits it
  await soon(login);

  assert.deepEqual(heard, ["ann"]);
  assert.equal(one.state.status, "in");
});

test("a tab that is at its login form is in as soon as another tab is", async (t) => {
  const { tab, service, pass, soon } = world(t);
  const [one, waiting] = [tab(), tab()];
  await soon(waiting.resume());
  await soon(one.login(...ANN));
  await pass(10);
  service.calls.length = 0;

  assert.equal(waiting.state.user, "ann");
  assert.equal((await soon(waiting.fetch(`${API}/orders`))).value.status, 200);
  assert.deepEqual(service.paths(), [`${API}/orders`]);
});

test("a page in a frame of others has no channel, and hears no token", (t) => {
  const opened = [];
  const stubs = { location: { href: `${API}/` }, BroadcastChannel: class { constructor(name) { opened.push(name); } } };
  const before = Object.fromEntries(["top", ...Object.keys(stubs)].map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
  t.after(() => { for (const [name, was] of Object.entries(before)) was ? Object.defineProperty(globalThis, name, was) : delete globalThis[name]; });
  for (const [name, value] of Object.entries(stubs)) Object.defineProperty(globalThis, name, { value, configurable: true });

  Object.defineProperty(globalThis, "top", { get: () => ({ get location() { throw new Error("SecurityError"); } }), configurable: true });
  assert.equal(channelOf("x"), null);
  Object.defineProperty(globalThis, "top", { value: globalThis, configurable: true });
  assert.ok(channelOf("x"));
  assert.deepEqual(opened, ["x"]);
});

// what replaces the refresh token

test("a change of password waits for a refresh under way, and other tabs go on with its tokens", async (t) => {
  const { one, tab, service, pass, soon } = await withAnn(t);
  const other = tab();
  await soon(other.resume());
  await pass(11 * MINUTE);
  service.calls.length = 0;

  const { error } = await soon(Promise.all([other.accessToken(), one.changePassword("p", "q")]));

  assert.equal(error, undefined);
  assert.deepEqual(service.paths(), ["/auth/refresh", "/auth/password/change"]);
  assert.equal((await soon(one.accessToken())).value, (await soon(other.accessToken())).value);
  assert.deepEqual(service.paths(), []);
});

for (const mode of ["body", "cookie"]) {
  test(`a token that has run out is renewed before a password is sent with it, and one that is refused after it (${mode})`, async (t) => {
    const { one, service, pass, soon } = await withAnn(t, { mode });
    await pass(11 * MINUTE);
    await soon(one.changePassword("p", "q"));
    assert.deepEqual(service.paths(), ["/auth/refresh", "/auth/password/change"]);
    for (const session of service.sessions.values()) session.access.clear();

    const { error } = await soon(one.changePassword("q", "p"));

    assert.equal(error, undefined);
    assert.deepEqual(service.paths(), ["/auth/password/change", "/auth/refresh", "/auth/password/change"]);
  });
}

test("no password is changed in the session of somebody else that another tab has begun", async (t) => {
  const { one, tab, service, pass, soon } = await withAnn(t, { mode: "cookie" });
  await soon(tab({ channel: null }).login(...BOB));
  await pass(11 * MINUTE);
  service.calls.length = 0;

  assert.equal((await soon(one.changePassword("p", "q"))).error.reason, "other_user");

  assert.deepEqual(service.paths(), ["/auth/refresh"]);
});

test("an answer to a refresh token that is no longer the current one is not acted upon", async (t) => {
  const { one, service, store, soon } = await withAnn(t);
  let isFirst = true;
  service.instead.set("/auth/refresh", async (asked) => {
    if (!isFirst) return service.answer(asked);
    isFirst = false;
    await store.set(service.tokens([...service.sessions.values()][0], false) && [...service.sessions.values()][0].refresh);
    return problem(401, "invalid_grant"); // for the one that was sent
  });

  const { error } = await soon(one.refresh());

  assert.equal(error, undefined);
  assert.equal(service.count("/auth/refresh"), 2);
});

test("a 401 that a login overtook logs nobody out", async (t) => {
  const { one, tab, service, soon } = await withAnn(t, { mode: "cookie" });
  const other = tab({ locks: null });
  let isFirst = true;
  service.instead.set("/auth/refresh", async (asked) => {
    if (!isFirst) return service.answer(asked);
    isFirst = false;
    await other.login(...ANN);
    return problem(401, "invalid_grant");
  });

  const { error } = await soon(one.refresh());

  assert.equal(error, undefined);
  assert.equal(one.state.status, "in");
});

test("in cookie mode the device token is the browser's, in body mode the store's, and survives a logout", async (t) => {
  const device = sharedStore();
  const { service, tab, soon } = world(t, { mode: "body" });
  const one = tab({ device });
  await soon(one.login(...ANN));
  const given = device.peek();
  await soon(one.logout());
  await soon(one.login(...ANN));
  assert.deepEqual(service.calls.filter(({ to }) => to === "/auth/login").map(({ body }) => body.device_token), [undefined, given]);
  await soon(one.deleteAccount("p"));
  assert.equal(device.peek(), null);
});

test("no access token goes along with a cookie: two credentials are none", async (t) => {
  const { one, service, soon } = await withAnn(t, { mode: "cookie" });
  await soon(one.me());
  await soon(one.logout({ everywhere: true }));

  assert.ok(service.calls.every(({ token, cookie }) => !(token && cookie)));
  assert.deepEqual(service.paths(), ["/auth/me", "/auth/me", "/auth/logout", "/auth/logout"]);
});

test("a call that is repeated stays in the user's name", async (t) => {
  const { one, tab, service, soon } = await withAnn(t, { mode: "cookie" });
  service.instead.set(`${API}/orders`, async () => {
    service.instead.delete(`${API}/orders`);
    await tab().login(...BOB);
    return gateway(403, "Forbidden");
  });

  const { error } = await soon(one.fetch(`${API}/orders`, { method: "POST", body: "{}" }));

  assert.ok(error instanceof LoggedOut);
  assert.equal(service.count(`${API}/orders`), 1);
});

// stores

test("the file store is read by its owner alone, is replaced in one step, and leaves nothing behind", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-"));
  try {
    const path = join(folder, "deep", "token");
    const store = fileStore(path);
    assert.equal(await store.get(), null);
    await Promise.all([store.set("one"), store.set("two")]);
    assert.match(await fileStore(path).get(), /^(one|two)$/);
    if (process.platform !== "win32") {
      assert.equal((await stat(path)).mode & 0o777, 0o600);
      assert.equal((await stat(join(folder, "deep"))).mode & 0o777, 0o700);
    }
    assert.deepEqual(await readdir(join(folder, "deep")), ["token"]);
    await store.set(null);
    await store.set(null);
    assert.equal(await store.get(), null);
    assert.equal(store.name, path);
  } finally {
    await rm(folder, { recursive: true });
  }
});

const kept = new Map();
const modules = {
  "expo-secure-store": () =>
    secureStore({
      getItemAsync: async (key) => kept.get(key) ?? null,
      setItemAsync: async (key, value) => void kept.set(key, value),
      deleteItemAsync: async (key) => void kept.delete(key),
    }),
  "react-native-keychain": () =>
    keychainStore({
      getGenericPassword: async ({ service }) => (kept.has(service) ? { username: service, password: kept.get(service) } : false),
      setGenericPassword: async (_name, password, { service }) => void kept.set(service, password),
      resetGenericPassword: async ({ service }) => kept.delete(service),
    }),
  localStorage: () => localStore(),
};
for (const [name, made] of Object.entries(modules)) {
  test(`the store of ${name} keeps, replaces and forgets`, async (t) => {
    kept.clear();
    globalThis.localStorage ??= { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
    const store = made();
    assert.equal(await store.get(), null);
    await store.set("one");
    await store.set("two");
    assert.equal(await store.get(), "two");
    await store.set(null);
    assert.equal(await store.get(), null);
    assert.equal(store.name, "sallyport");
    delete globalThis.localStorage;
  });
}

test("a mistake of the program is a SallyportError, whose message says what to do", async (t) => {
  const { one, soon } = await withAnn(t);
  const { error } = await soon(one.fetch("https://elsewhere.example.com/x"));

  assert.ok(error instanceof SallyportError);
  assert.match(error.message, /elsewhere\.example\.com.*origins/);
  assert.equal(URL, "https://auth.example.com");
});
