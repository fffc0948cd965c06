// The example page in a real browser. tests/e2e/test_spa.py starts what these need and says where it is.
import assert from "node:assert/strict";
import { after, afterEach, beforeEach, test } from "node:test";

import { launch, logIn, profile as emptyProfile } from "./browser.mjs";

const { API, PAGE, NEIGHBOUR } = process.env;
const FOREIGN = PAGE.replace("127.0.0.1", "localhost");
const TOKEN = /eyJ[\w-]{20,}/;

const browser = await launch();
const complaints = [];
let context;

beforeEach(async () => (context = await profile()));
afterEach(async () => {
  await Promise.all(browser.contexts().map((open) => open.close()));
  assert.deepEqual(complaints.splice(0), []);
});
after(() => browser.close());

const profile = (options) => emptyProfile(browser, complaints, options);

async function tab(where = context) {
  const page = await where.newPage();
  await page.goto(PAGE);
  return page;
}

async function loggedIn(where = context) {
  const page = await tab(where);
  await logIn(page);
  return page;
}

const button = (page, name) => page.getByRole("button", { name, exact: true });
const account = (page) => page.getByRole("heading", { name: "Access token" });
const loginForm = (page) => page.getByRole("heading", { name: "Log in" });
const sessions = (page) => page.locator("#sessions li");
const sid = (page) => page.locator("#claims dt", { hasText: /^sid$/ }).locator("+ dd").textContent();
const cookies = async () => new Map((await context.cookies()).map((cookie) => [cookie.name, cookie]));
const advance = (seconds) => fetch(`${API}/_dev/clock`, { method: "POST", body: JSON.stringify({ advance_seconds: seconds }) });

/** Call the API and wait until it has answered with 200, however many attempts that took. */
async function call(page) {
  const answered = page.waitForResponse((answer) => answer.url() === `${API}/auth/me` && answer.status() === 200);
  await button(page, "Call the API").click();
  await answered;
  await page.locator('#call[aria-busy="false"]').waitFor();
}

function countRefreshes(page) {
  const statuses = [];
  page.on("response", (answer) => answer.url() === `${API}/auth/refresh` && statuses.push(answer.status()));
  return statuses;
}

test("the browser keeps both tokens in cookies for this host alone, which no script can read", async () => {
  await loggedIn();

  const kept = await cookies();

  assert.deepEqual([...kept.keys()].sort(), ["__Host-refresh_token", "__Host-sallyport_device"]);
  for (const { httpOnly, secure, sameSite, domain, path, value } of kept.values()) {
    assert.deepEqual(
      { httpOnly, secure, sameSite, domain, path },
      { httpOnly: true, secure: true, sameSite: "Strict", domain: "127.0.0.1", path: "/" },
    );
    assert.match(value, TOKEN);
  }
});

test("no token is in any storage, global or element of the page", async () => {
  const page = await loggedIn();
  await call(page);

  const found = await page.evaluate(async () => ({
    cookie: document.cookie,
    local: JSON.stringify(localStorage),
    session: JSON.stringify(sessionStorage),
    databases: await indexedDB.databases(),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    globals: Object.getOwnPropertyNames(window).map((name) => `${name} ${window[name]}`).join("\n"),
    history: JSON.stringify([history.state, location.href, window.name]),
    document: document.documentElement.outerHTML + [...document.querySelectorAll("input")].map((field) => field.value),
  }));

  assert.doesNotMatch(JSON.stringify(found), TOKEN);
  assert.deepEqual([found.cookie, found.local, found.session], ["", JSON.stringify({ [`sallyport ${API}`]: "in" }), "{}"]);
  assert.deepEqual([found.databases, found.caches, found.workers], [[], [], 0]);
});

test("a reload keeps one logged in", async () => {
  const page = await loggedIn();
  const before = await sid(page);

  await page.reload();

  await account(page).waitFor();
  assert.equal(await sid(page), before);
});

test("it refreshes by itself at 80 % of the access token's life, and not before", async () => {
  const page = await context.newPage();
  await page.clock.install();
  await page.goto(PAGE);
  await logIn(page);
  const refreshes = countRefreshes(page);

  await page.clock.fastForward(470_000);
  await page.getByText("It is refreshed in 0:").waitFor();
  assert.deepEqual(refreshes, []);
  await page.clock.fastForward(20_000);

  await page.getByText("It is refreshed in 7:").or(page.getByText("It is refreshed in 8:")).waitFor();
  assert.deepEqual(refreshes, [200]);
});

for (const hasLocks of [true, false]) {
  test(`two tabs that refresh at once both stay logged in, ${hasLocks ? "by one refresh" : "without Web Locks"}`, async () => {
    if (!hasLocks) {
      await context.addInitScript(() => Object.defineProperty(Navigator.prototype, "locks", { get: () => undefined }));
    }
    const tabs = [await loggedIn(), await tab()];
    await account(tabs[1]).waitFor();
    const before = await sid(tabs[0]);
    const refreshes = tabs.map(countRefreshes);

    for (let round = 0; round < 2; round++) {
      await advance(601);
      await Promise.all(tabs.map(call));
    }

    const made = refreshes.flat();
    assert.ok(made.every((status) => status === 200));
    assert.ok(hasLocks ? made.length === 2 : made.length >= 2 && made.length <= 4, `${made.length} refreshes`);
    assert.deepEqual(await Promise.all(tabs.map(sid)), [before, before]);
  });
}

test("logging out ends the session, shows in the other tab, and survives a reload", async () => {
  const page = await loggedIn();
  const other = await tab();
  await account(other).waitFor();

  await button(page, "Log out").click();

  await page.getByText("You are logged out.").waitFor();
  await other.getByText("You logged out in another tab.").waitFor();
  await other.reload();
  await loginForm(other).waitFor();
  assert.equal((await cookies()).has("__Host-refresh_token"), false);
});

test("logging in shows in the other tab", async () => {
  const other = await tab();
  await loginForm(other).waitFor();

  await loggedIn();

  await account(other).waitFor();
});

test("logging out everywhere ends the sessions on other devices", async () => {
  const phone = await loggedIn(await profile({ viewport: { width: 390, height: 844 } }));
  const laptop = await loggedIn();
  const before = await sessions(laptop).count();
  assert.match(await laptop.locator("#sessions .current").textContent(), /Chrome on Linuxhere/);

  await button(laptop, "Log out everywhere").click();

  await laptop.getByText("You are logged out, here and everywhere else.").waitFor();
  await button(phone, "Call the API").click();
  await phone.getByText("You are logged out: this session was ended elsewhere, or is over.").waitFor();
  await logIn(phone);
  assert.ok(before >= 2);
  assert.equal(await sessions(phone).count(), 1);
});

test("a session on another device is ended from here, and this one lives on", async () => {
  const phone = await loggedIn(await profile({ viewport: { width: 390, height: 844 } }));
  const laptop = await loggedIn();
  const ended = await sid(phone);
  const before = await sessions(laptop).count();
  const answered = laptop.waitForResponse((answer) => answer.url() === `${API}/auth/sessions/${ended}`);

  await laptop.locator(`[data-sid="${ended}"]`).getByRole("button", { name: /^End the session of Chrome on Linux, / }).click();

  assert.equal((await answered).status(), 204);
  await laptop.waitForFunction((left) => document.querySelectorAll("#sessions li").length === left, before - 1);
  await button(phone, "Call the API").click();
  await phone.getByText("You are logged out: this session was ended elsewhere, or is over.").waitFor();
  await call(laptop);
});

for (const { name, origin, sendsCookies } of [
  { name: "another site", origin: FOREIGN, sendsCookies: false },
  { name: "another origin on the same site", origin: NEIGHBOUR, sendsCookies: true },
]) {
  test(`a page of ${name} achieves nothing`, async () => {
    const page = await loggedIn();
    await advance(61); // from now on a refresh would change the cookie
    const before = await cookies();
    const hostile = await context.newPage();
    const requests = [];
    hostile.on("request", (request) => request.url().startsWith(API) && requests.push(request));
    await hostile.goto(`${origin}/hostile.html`);

    const read = await hostile.evaluate(attack, API);
    for (const path of ["/auth/refresh", "/auth/logout"]) {
      await hostile.goto(`${origin}/hostile.html`);
      await Promise.all([hostile.waitForURL(API + path), hostile.evaluate(postForm, API + path)]);
    }

    assert.deepEqual(new Set(read), new Set(["TypeError", "opaque", "unreadable"]));
    const sent = await Promise.all(requests.map((request) => request.allHeaders()));
    assert.equal(sent.some((headers) => headers.cookie?.includes("__Host-refresh_token")), sendsCookies);
    assert.deepEqual(await cookies(), before);
    await call(page);
    await page.reload();
    await account(page).waitFor();
    complaints.splice(0); // its own
  });
}

/** Runs in a hostile page: try to refresh, to log out, to log in as somebody else and to read, and say what came of it. */
async function attack(api) {
  const login = { email: "demo@example.com", password: "correct horse battery staple", mode: "cookie" };
  const bodies = { "/auth/refresh": {}, "/auth/logout": { everywhere: true }, "/auth/login": login };
  const json = { "content-type": "application/json", "x-sallyport-csrf": "1" };
  const came = [];
  const tried = (request) => request.then((answer) => answer.type, (error) => error.name).then((what) => came.push(what));
  for (const [path, body] of Object.entries(bodies)) {
    const post = { method: "POST", credentials: "include", body: JSON.stringify(body) };
    await tried(fetch(api + path, { ...post, headers: json }));
    await tried(fetch(api + path, post));
    await tried(fetch(api + path, { ...post, mode: "no-cors" }));
  }
  await tried(fetch(`${api}/auth/me`, { credentials: "include" }));
  const frame = document.createElement("iframe");
  const loaded = new Promise((resolve) => (frame.onload = resolve));
  frame.src = `${api}/auth/sessions`;
  document.body.append(frame);
  await loaded;
  came.push(frame.contentDocument ? "readable" : "unreadable");
  return came;
}

/** Runs in a hostile page: a form needs nobody's permission, and can be made to send what reads as JSON. */
function postForm(url) {
  const form = Object.assign(document.createElement("form"), { method: "post", action: url, enctype: "text/plain" });
  form.append(Object.assign(document.createElement("input"), { name: '{"everywhere": true, "x": "', value: '"}' }));
  document.body.append(form);
  form.submit();
}

test("in a frame of another site the page has no session", async () => {
  const page = await loggedIn();
  const hostile = await context.newPage();
  await hostile.goto(`${FOREIGN}/hostile.html`);

  await hostile.evaluate((src) => document.body.append(Object.assign(document.createElement("iframe"), { src })), PAGE);

  await hostile.frameLocator("iframe").getByRole("heading", { name: "Log in" }).waitFor();
  await call(page);
});

test("its policy refuses markup from strings, and calls to anybody else", async () => {
  const page = await loggedIn();

  const refused = await page.evaluate(async (other) => {
    const name = (error) => error.name;
    const written = (() => {
      try {
        document.body.innerHTML = "<img>";
      } catch (error) {
        return error.name;
      }
    })();
    return [written, await fetch(`${other}/hostile.html`, { mode: "no-cors" }).catch(name)];
  }, NEIGHBOUR);

  assert.deepEqual(refused, ["TypeError", "TypeError"]);
  assert.deepEqual(complaints.splice(0).filter((text) => !/Content Security Policy|TrustedHTML/.test(text)), []);
});

test("a wrong password says so, and leaves the reader where the next try is typed", async () => {
  const page = await tab();
  await page.locator("#login").getByLabel("E-mail address").fill("demo@example.com");
  await page.locator("#login").getByLabel("Password").fill("wrong");

  await button(page, "Log in").click();

  await page.getByRole("alert").getByText("do not belong together").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "login-password");
});

test("while Sallyport is away the page says so, and nobody is logged out", async () => {
  const page = await loggedIn();
  await page.route(`${API}/**`, (route) => route.abort());
  await button(page, "Call the API").click();
  await page.getByRole("alert").getByText(`Nobody answers at ${API}`).waitFor();
  await page.reload();
  await button(page, "Try again").waitFor();

  await page.unroute(`${API}/**`);
  await button(page, "Try again").click();

  await account(page).waitFor();
  assert.deepEqual(complaints.splice(0).filter((text) => !text.endsWith("net::ERR_FAILED")), []);
});

test("it works by keyboard alone, and fits the narrowest phone", async () => {
  const page = await tab(await profile({ viewport: { width: 320, height: 568 } }));
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  await page.locator("#login-email:focus").waitFor();
  assert.equal(await overflow(), 0);

  await page.keyboard.type("demo@example.com");
  await page.keyboard.press("Tab");
  await page.keyboard.type("correct horse battery staple");
  await page.keyboard.press("Enter");
  await page.locator("#token-heading:focus").waitFor();
  assert.equal(await overflow(), 0);
  await page.keyboard.press("Shift+Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "log-out");
  await page.keyboard.press("Enter");

  await page.getByText("You are logged out.").waitFor();
});
