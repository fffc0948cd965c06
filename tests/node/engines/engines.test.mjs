// The client and the example page in one engine. tests/e2e/test_engines.py starts what these need and says where it is.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, beforeEach, test } from "node:test";

import { mailOf } from "../outbox.mjs";
import { openDoor } from "./door.mjs";
import { words } from "./example.mjs";

const { API, ENGINE, BROWSER, KEY, CERT, PORT, PLAIN_PORT, DRIVER_PORT } = process.env;
const MINUTE = 60_000;
/** A test that waits in vain ends all the same. */
const LIMITED = { timeout: 90_000 };
const PASSWORD = "three otters paint slowly";

const door = await openDoor({ api: API, key: await readFile(KEY), cert: await readFile(CERT), port: Number(PORT), plainPort: Number(PLAIN_PORT) });
const browser = await start();
const ANN = [await newUser("ann"), PASSWORD];
const BOB = [await newUser("bob"), PASSWORD];

beforeEach(() => browser.fresh());
afterEach(() => door.reset());
after(async () => {
  await browser.close();
  door.close();
});

async function start() {
  if (ENGINE !== "webkit") return (await import("./puppeteer.mjs")).launch(ENGINE, BROWSER);
  return (await import("./webkit.mjs")).launch(BROWSER, { port: Number(DRIVER_PORT), origins: [door.origin, door.plain] });
}

async function post(path, body, token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(API + path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, ...(answer.status !== 204 && (await answer.json())) };
}

/** Open an account. Returns its address. */
async function newUser(name) {
  const email = `${name}.${ENGINE}@example.com`;
  const { request } = await post("/auth/register", { email });
  const { code } = await mailOf(API, email, request);
  assert.equal((await post("/auth/verify-email", { request, code, password: PASSWORD, mode: "body" })).status, 200);
  return email;
}

// The page with nothing but the client

/** Open a tab. */
async function tab(query = "", origin = door.origin) {
  const opened = await browser.tab();
  await opened.goto(`${origin}/engines/tab.html${query}`);
  await ready(opened);
  return opened;
}

const ready = (opened) => opened.until(() => "ready" in (document.body?.dataset ?? {}));
const status = (opened) => opened.run(() => sallyport.state.status);
const becomes = (opened, status) => opened.until((status) => window.sallyport?.state.status === status, status);
const advance = (opened, ms) => opened.run((ms) => advance(ms), ms);
const login = (opened, user) => opened.run((...user) => outcome(sallyport.login(...user)), ...user);
const accessToken = (opened, how) => opened.run((how) => outcome(sallyport.accessToken(how)), how ?? {});
const logout = (opened, how) => opened.run((how) => outcome(sallyport.logout(how)), how ?? {});
const resume = (opened, how) => opened.run((how) => outcome(sallyport.resume(how)), how ?? {});
/** Begin something without waiting for it. Returns what waits for its outcome. */
const begun = async (opened, run, ...args) => {
  const number = await opened.run(run, ...args);
  return () => opened.run((number) => ended(number), number);
};

/** Open tabs in which Ann is logged in. */
async function annIn(count, query) {
  const tabs = [];
  for (let number = 0; number < count; number++) tabs.push(await tab(query));
  if (!count) return tabs;
  assert.deepEqual(await login(tabs[0], ANN), { value: { kept: true } });
  for (const each of tabs.slice(1)) assert.deepEqual(await resume(each), { value: true });
  door.calls = [];
  return tabs;
}

/** Let no script of a tab go on, as when a phone suspends it: it waits for an answer that is held. Returns how to wake it. */
async function suspend(opened) {
  const still = door.hold("/still", { status: 200 });
  await opened.run(() => {
    const { port1, port2 } = new MessageChannel(); // timers of a hidden tab may be late
    port1.onmessage = () => {
      const waiting = new XMLHttpRequest();
      waiting.open("GET", "/still", false);
      waiting.send();
    };
    port2.postMessage("");
  });
  await still.came;
  return still.release;
}

test("cookies: both are for this host alone, and no script can read them", LIMITED, async () => {
  const [one] = await annIn(1);

  const kept = await one.cookies();

  assert.deepEqual(kept.map(({ name }) => name).sort(), ["__Host-refresh_token", "__Host-sallyport_device"]);
  for (const { httpOnly, secure, sameSite } of kept) assert.deepEqual([httpOnly, secure, sameSite], [true, true, "Strict"]);
  assert.equal(await one.run(() => document.cookie), "");
});

test("B1 a lock that another tab never releases stops no call", LIMITED, async () => {
  const [one, other] = await annIn(2);
  await other.run(() => new Promise((got) => navigator.locks.request(`sallyport ${location.origin}`, () => (got(), new Promise(() => {})))));
  await advance(one, 11 * MINUTE);

  assert.equal((await accessToken(one)).error, undefined);

  const held = await other.run(async () => (await navigator.locks.query()).held.map(({ name }) => name));
  assert.deepEqual(held, [`sallyport ${door.origin}`]);
});

test("B1 a tab that is suspended in its refresh stops no other tab", LIMITED, async () => {
  const [one, other] = await annIn(2);
  const refresh = door.hold("/auth/refresh");
  await advance(other, 11 * MINUTE);
  await begun(other, () => begin(sallyport.accessToken()));
  await refresh.came;
  const wake = await suspend(other);
  refresh.release();

  await advance(one, 11 * MINUTE);
  const { error } = await accessToken(one);

  assert.equal(error, undefined);
  wake();
  assert.equal((await accessToken(other)).error, undefined);
});

test("B2 on a network that hangs a good token is used at once, and a logout does not wait", LIMITED, async () => {
  const tabs = await annIn(3);
  const before = (await accessToken(tabs[0])).value;
  const refresh = door.hold("/auth/refresh");
  for (const each of tabs) await advance(each, 500_000);

  const answers = [];
  for (const each of tabs) answers.push((await accessToken(each)).value);
  await refresh.came;

  assert.deepEqual(answers, [before, before, before]);
  assert.deepEqual(await logout(tabs[0]), { value: { ended: true } });
  await becomes(tabs[1], "ended");
  await becomes(tabs[2], "ended");
});

test("B2 a login does not wait for a refresh that hangs in another tab", LIMITED, async () => {
  const [one, other] = await annIn(2);
  const refresh = door.hold("/auth/refresh");
  await advance(other, 11 * MINUTE);
  const waiting = await begun(other, () => begin(sallyport.accessToken()));
  await refresh.came;
  door.instead("/auth/refresh", () => undefined);

  assert.deepEqual(await login(one, ANN), { value: { kept: true } });

  assert.equal((await waiting()).error, undefined);
});

test("B3 one 503 answers every call of every tab until Retry-After", LIMITED, async () => {
  const [one, other] = await annIn(2);
  door.instead("/auth/refresh", () => ({ status: 503, headers: { "retry-after": "30" }, body: '{"code":"service_unavailable"}' }));
  for (const each of [one, other]) await advance(each, 11 * MINUTE);

  for (const each of [one, other]) {
    const errors = await each.run(async () => {
      const errors = [];
      for (let call = 0; call < 10; call++) errors.push((await outcome(sallyport.accessToken())).error);
      return errors;
    });
    assert.ok(errors.every(({ name, status }) => name === "Problem" && status === 503));
  }

  assert.equal(door.count("/auth/refresh"), 1);
  door.reset();
  for (const each of [one, other]) await advance(each, 31_000);
  assert.equal((await accessToken(one)).error, undefined);
});

test("B4 the access token goes to no origin that is not named", LIMITED, async () => {
  const [one] = await annIn(1);

  const { error } = await one.run((url) => outcome(sallyport.fetch(url)), `${door.plain}/orders`);

  assert.deepEqual([error.name, error.code], ["SallyportError", "origin_not_named"]);
  assert.deepEqual(door.calls, []);
});

test("B5 a refusal of one's own API goes to the caller, and nothing is sent twice", LIMITED, async () => {
  const [one] = await annIn(1);
  door.instead("/orders", () => ({ status: 403, body: '{"error":"not yours"}' }));

  const answer = await one.run(async () => {
    const answer = await sallyport.fetch("/orders", { method: "POST", body: "{}" });
    return [answer.status, await answer.json()];
  });

  assert.deepEqual(answer, [403, { error: "not yours" }]);
  assert.deepEqual(door.calls, [{ method: "POST", path: "/orders", status: 403 }]);
});

test("B5 a refusal of the gateway refreshes once, and the same body is sent once more", LIMITED, async () => {
  const [one] = await annIn(1);
  const bodies = [];
  door.instead("/orders", ({ headers }) => {
    bodies.push(headers["content-length"]);
    return bodies.length === 1 ? { status: 401, body: '{"message":"Unauthorized"}' } : { status: 200, body: "{}" };
  });

  const given = await one.run(async () => (await sallyport.fetch("/orders", { method: "POST", body: '{"a":1}' })).status);

  assert.deepEqual([given, bodies], [200, ["7", "7"]]);
  assert.deepEqual(door.calls.map(({ path }) => path), ["/orders", "/auth/refresh", "/orders"]);
});

test("B6 two tabs that log in at once are both logged in", LIMITED, async () => {
  const tabs = [await tab(), await tab()];
  const first = door.hold("/auth/login");

  const waiting = [];
  for (const each of tabs) waiting.push(await begun(each, (...user) => begin(sallyport.login(...user)), ...ANN));
  await first.came;
  first.release();

  for (const outcome of waiting) assert.deepEqual(await outcome(), { value: { kept: true } });
  for (const each of tabs) {
    assert.equal(await status(each), "in");
    assert.equal(await each.run(async () => (await sallyport.me()).email), ANN[0]);
  }
});

test("B7 a cookie that the browser does not keep is noticed at login, and logging out everywhere is true all the same", LIMITED, async () => {
  const elsewhere = await post("/auth/login", { email: ANN[0], password: PASSWORD, mode: "body" });
  door.losesCookies = true;
  const one = await tab();

  assert.deepEqual(await login(one, ANN), { value: { kept: false } });
  assert.deepEqual(await logout(one, { everywhere: true }), { value: { ended: true } });

  assert.equal((await post("/auth/refresh", { refresh_token: elsewhere.refresh_token })).status, 401);
});

test("B7 on http a page is told whether this engine keeps the cookie: WebKit does not", LIMITED, async () => {
  const one = await tab("", door.plain);

  assert.deepEqual(await login(one, ANN), { value: { kept: ENGINE !== "webkit" } });
});

test("B8 whoever comes back after a logout in another tab finds nobody logged in", LIMITED, async () => {
  const [one, other] = await annIn(2);
  await one.goto(`${door.origin}/blank.html`);
  await logout(other);

  await one.back();
  await ready(one);

  await one.until(() => sallyport.state.status !== "in");
  assert.equal((await one.run(() => outcome(sallyport.me()))).error.name, "LoggedOut");
});

test("B11 what this tab does goes out in no other user's name", LIMITED, async () => {
  const [one, other] = await annIn(2);
  const [ann, bob] = [await one.run(() => sallyport.state.user), (await login(other, BOB), await other.run(() => sallyport.state.user))];
  assert.notEqual(ann, bob);
  await becomes(one, "ended");
  door.calls = [];

  for (let call = 0; call < 2; call++) {
    const { error } = await one.run(() => outcome(sallyport.fetch("/orders", { method: "POST", body: "{}" })));
    assert.deepEqual([error.name, error.reason], ["LoggedOut", "other_user"]);
  }

  assert.equal(door.count("/orders"), 0);
  assert.equal(await one.run(() => sallyport.state.user), ann);
  assert.deepEqual(await resume(one), { value: true });
  assert.equal(await one.run(() => sallyport.state.user), bob);
});

test("B12 without a network the user is forgotten here, and Sallyport is told when it is back", LIMITED, async () => {
  const [one] = await annIn(1);
  door.isOffline = true;

  const { value } = await one.run(async () => {
    const { ended, cause } = await sallyport.logout();
    return { value: [ended, cause.name] };
  });

  assert.deepEqual(value, [false, "Unreachable"]);
  await one.reload();
  await ready(one);
  assert.deepEqual(await resume(one), { value: false });
  door.isOffline = false;
  const told = door.next("/auth/logout");
  await one.run(() => void dispatchEvent(new Event("online")));
  await told;
  assert.deepEqual(await resume(one, { ask: true }), { value: false });
  assert.deepEqual((await one.cookies()).map(({ name }) => name), ["__Host-sallyport_device"]);
});

test("B12 without a network a page that keeps its own token forgets it", LIMITED, async () => {
  const [one] = await annIn(1, "?mode=body");
  door.isOffline = true;

  assert.equal((await logout(one)).value.ended, false);

  await one.reload();
  await ready(one);
  assert.deepEqual(await resume(one), { value: false });
  assert.equal(await one.run(() => localStorage.getItem("sallyport")), null);
});

test("B13 without AbortSignal.timeout, Web Locks and BroadcastChannel two tabs log in, refresh at once and stay logged in", LIMITED, async () => {
  const tabs = await annIn(2, "?without=timeout,locks,channel");
  const missing = await tabs[0].run(() => [typeof AbortSignal.timeout, typeof navigator.locks, typeof BroadcastChannel]);
  assert.deepEqual(missing, ["undefined", "undefined", "undefined"]);
  for (const each of tabs) await advance(each, 11 * MINUTE);
  const refresh = door.hold("/auth/refresh");

  const waiting = [];
  for (const each of tabs) waiting.push(await begun(each, () => begin(sallyport.accessToken())));
  await refresh.came;
  refresh.release();

  for (const outcome of waiting) assert.equal((await outcome()).error, undefined);
  for (const each of tabs) assert.equal(await each.run(async () => (await sallyport.me()).email), ANN[0]);
});

test("B14 a clock that was set back makes no dead token good", LIMITED, async () => {
  const [one] = await annIn(1);
  const before = (await accessToken(one)).value;
  await advance(one, -60 * MINUTE);

  const { value } = await accessToken(one);

  assert.notEqual(value, before);
  assert.equal(door.count("/auth/refresh"), 1);
});

test("B17 five tabs that are due at once make one refresh", LIMITED, async () => {
  const tabs = await annIn(5);
  const refresh = door.hold("/auth/refresh");
  for (const each of tabs) await advance(each, 11 * MINUTE);

  const waiting = [];
  for (const each of tabs) waiting.push(await begun(each, () => begin(sallyport.accessToken())));
  await refresh.came;
  refresh.release();

  const tokens = [];
  for (const outcome of waiting) tokens.push((await outcome()).value);
  assert.equal(new Set(tokens).size, 1);
  assert.equal(typeof tokens[0], "string");
  assert.equal(door.count("/auth/refresh"), 1);
});

test("B19 the first visit of a stranger makes no call", LIMITED, async () => {
  const one = await tab();

  assert.deepEqual(await resume(one), { value: false });

  assert.deepEqual(door.calls, []);
});

// The example page

async function page() {
  const opened = await browser.tab();
  await opened.goto(`${door.origin}/`);
  return opened;
}

async function logIn(opened, [email, password]) {
  await opened.fill({ ...words.email, inside: "#login" }, email);
  await opened.fill({ ...words.password, inside: "#login" }, password);
  await opened.press(words.logIn);
  await opened.see(words.account);
}

test("the example page: sign up, log in, reload, and the other tab sees the logout", LIMITED, async () => {
  const email = `eve.${ENGINE}@example.com`;
  const one = await page();
  await one.press(words.create);
  await one.fill({ ...words.email, inside: "#sign-up" }, email);
  await one.press(words.sendCode);
  await one.see(words.code);
  const request = await one.run(() => history.state.request);
  await one.fill(words.code, (await mailOf(API, email, request)).code);
  await one.fill({ ...words.newPassword, inside: "#redeem" }, PASSWORD);
  await one.press(words.redeem);
  await one.see(words.login);
  await logIn(one, [email, PASSWORD]);

  await one.reload();
  await one.see(words.account);
  const other = await page();
  await other.see(words.account);
  await one.press(words.logOut);

  await one.see(words.login);
  await other.see(words.login);
});

test("the example page: change the password, and log out everywhere", LIMITED, async () => {
  const user = [await newUser("mallory"), PASSWORD];
  const elsewhere = await post("/auth/login", { email: user[0], password: PASSWORD, mode: "body" });
  const one = await page();
  await logIn(one, user);
  const next = `${PASSWORD} again`;

  await one.press(words.changePassword);
  await one.fill(words.currentPassword, PASSWORD);
  await one.fill({ ...words.newPassword, inside: "#change-password" }, next);
  await one.press(words.changeIt);
  await one.see(words.account);
  assert.equal((await post("/auth/refresh", { refresh_token: elsewhere.refresh_token })).status, 401);
  const again = await post("/auth/login", { email: user[0], password: next, mode: "body" });
  await one.press(words.everywhere);
  if (await one.run(() => document.querySelector("dialog[open]") !== null)) await one.press(words.sure);

  await one.see(words.login);
  assert.equal((await post("/auth/refresh", { refresh_token: again.refresh_token })).status, 401);
});
