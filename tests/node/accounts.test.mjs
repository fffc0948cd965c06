// What comes by mail, on the example page. tests/e2e/test_spa.py starts what these need and says where it is.
import assert from "node:assert/strict";
import { after, afterEach, beforeEach, test } from "node:test";

import { callApi, closeDrawer, launch, profile as emptyProfile } from "./browser.mjs";
import { mailOf } from "./outbox.mjs";

const { API, PAGE } = process.env;
const PASSWORD = "four small words here";
const OTHER = "five other words there";
const FORGOTTEN = "This page has forgotten the link. Open it from the e-mail once more.";
const DEAD = "This link does not work any more";

const browser = await launch();
const complaints = [];
let context;
let page;
let number = 0;

beforeEach(async () => {
  await advance(20 * 60); // what one client may ask for comes back, one mail a minute
  context = await profile();
  page = await context.newPage();
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((open) => open.close()));
  assert.deepEqual(complaints.splice(0), []);
});
after(() => browser.close());

const profile = (options) => emptyProfile(browser, complaints, options);
const advance = (seconds) => fetch(`${API}/_dev/clock`, { method: "POST", body: JSON.stringify({ advance_seconds: seconds }) });
const somebody = () => `user-${process.pid}-${number++}@example.com`;
const button = (name) => page.locator("[data-screen]:not([hidden])").getByRole("button", { name, exact: true });
const field = (label) => page.locator("[data-screen]:not([hidden])").getByLabel(label, { exact: true });
const screen = (id) => page.locator(`#${id}`).waitFor();
const says = (words) => page.getByRole("alert").getByText(words).waitFor();

async function post(path, body, token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(API + path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, ...(await answer.json().catch(() => ({}))) };
}

/** Ask for a mail as a page does. */
async function asked(path, email) {
  return mailOf(API, email, (await post(path, { email })).request);
}

/** Make an account without a browser. */
async function account() {
  const email = somebody();
  const { token } = await asked("/auth/register", email);
  assert.equal((await post("/auth/verify-email", { token, password: PASSWORD })).status, 200);
  return email;
}

async function logIn(email, password = PASSWORD) {
  await field("E-mail address").fill(email);
  await field("Password").fill(password);
  await button("Log in").click();
}

async function loggedIn() {
  const email = await account();
  await page.goto(PAGE);
  await logIn(email);
  await screen("account");
  return email;
}

/** Ask for another address, and leave the page with the form for its code. */
async function moving(to) {
  await button("Change e-mail address").click();
  await field("New e-mail address").fill(to);
  await field("Password").fill(PASSWORD);
  const answered = page.waitForResponse(`${API}/auth/email/change`);
  await button("Send me a code").click();
  await screen("confirm");
  return mailOf(API, to, (await (await answered).json()).request);
}

function callsOf(page) {
  const calls = [];
  page.on("request", (request) => request.url().startsWith(API) && calls.push(new URL(request.url()).pathname));
  return calls;
}

/** Be refused at a field: marked, described by what is wrong, and where the next key is typed. */
async function isRefused(label, words) {
  await page.locator("[data-screen]:not([hidden]) .error").getByText(words).waitFor();
  assert.equal(await field(label).getAttribute("aria-invalid"), "true");
  const described = await field(label).evaluate((input) =>
    input.getAttribute("aria-describedby").split(" ").map((id) => document.getElementById(id).textContent).join(" "),
  );
  assert.match(described, words);
  assert.ok(await field(label).evaluate((input) => input === document.activeElement));
}

for (const { name, path, before, open } of [
  { name: "a new account", path: "/auth/register", before: async () => somebody(), open: "Create account" },
  { name: "a reset", path: "/auth/password/forgot", before: account, open: "Save password" },
]) {
  test(`whoever opens the link of ${name} changes nothing, and the person behind still can`, async () => {
    const { link } = await asked(path, await before());
    const calls = callsOf(page);

    for (const method of ["GET", "HEAD", "POST"]) await fetch(link, { method });
    await page.goto(link);
    await screen("redeem");
    await page.evaluate(() => {
      for (const form of document.querySelectorAll("[data-screen]:not([hidden]) form")) form.requestSubmit();
      for (const link of document.querySelectorAll("a:not([hidden])")) link.click();
    });
    assert.deepEqual(calls, []);

    await page.goto(link);
    await field("New password").fill(OTHER);
    await button(open).click();
    await screen("login");
    await says(/^Your (account is ready|password is saved)/);
  });

  test(`the token of the link of ${name} leaves the address at once, and is nowhere else`, async () => {
    const { link, token } = await asked(path, await before());
    const told = [];
    page.on("request", (request) => request.isNavigationRequest() || told.push(request.allHeaders()));

    await page.goto(link);
    await screen("redeem");

    const found = await page.evaluate(() => ({
      history: JSON.stringify([history.state, location.href, document.referrer, window.name]),
      storage: JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
      document: document.documentElement.outerHTML + [...document.querySelectorAll("input")].map(({ value }) => value),
    }));
    assert.equal(page.url(), `${PAGE}/`);
    assert.ok(!JSON.stringify([found, await Promise.all(told), await context.storageState()]).includes(token.slice(30)));
    assert.ok(told.length > 5);
    await page.reload();
    await says(FORGOTTEN);
    await page.goBack();
    assert.equal(page.url(), "about:blank");
  });

  test(`a used link of ${name} says so, and where there is another`, async () => {
    const { link, token } = await asked(path, await before());
    const redeem = path === "/auth/register" ? "/auth/verify-email" : "/auth/password/reset";
    assert.equal((await post(redeem, { token, password: PASSWORD })).status, 200);
    await page.goto(link);
    await field("New password").fill(OTHER);

    await button(open).click();

    await says(DEAD);
    await button("Ask for another one").click();
    await page.getByRole("heading", { name: path === "/auth/register" ? "Create an account" : "Forgot password" }).waitFor();
  });
}

test("a link that lost its token on the way says that it has to be opened again", async () => {
  await page.goto(`${PAGE}/reset-password`);

  await says(FORGOTTEN);
  await screen("login");
});

test("a code is taken with spaces and hyphens, and one that is no code costs no try", async () => {
  const email = somebody();
  await page.goto(PAGE);
  await screen("login");
  const calls = callsOf(page);
  await button("Create an account").click();
  await field("E-mail address").fill(email);
  const answered = page.waitForResponse(`${API}/auth/register`);
  await button("Send me a code").click();
  const { code } = await mailOf(API, email, (await (await answered).json()).request);
  await field("New password").fill(PASSWORD);

  await field("Code").fill(code.slice(1));
  await button("Create account").click();
  await isRefused("Code", /eight digits/);
  assert.deepEqual(calls, ["/auth/register"]);
  await field("Code").fill(` ${[...code.replace(" ", "")].join("-")} `);
  await button("Create account").click();

  await says("Your account is ready.");
  assert.equal(await field("E-mail address").inputValue(), email);
});

test("each refusal of a new account stands at its field, and what was right stays typed", async () => {
  await page.goto(PAGE);
  await button("Create an account").click();
  await field("E-mail address").fill("ann@nowhere");
  await button("Send me a code").click();
  await isRefused("E-mail address", /does not look like an e-mail address/);

  await field("E-mail address").fill(somebody());
  await button("Send me a code").click();
  await field("Code").fill("0000 0000");
  await field("New password").fill("short");
  await button("Create account").click();
  await isRefused("New password", /at least 15 characters/);
  await field("New password").fill(PASSWORD);
  await button("Show the new password").click();
  await button("Create account").click();
  await isRefused("Code", /wrong or too old/);

  assert.deepEqual([await field("New password").inputValue(), await field("Code").inputValue()], [PASSWORD, "0000 0000"]);
  assert.equal(await field("New password").getAttribute("type"), "password");
  assert.equal(await field("New password").getAttribute("aria-invalid"), null);
});

test("each refusal of a change stands at its field, and changes nothing", async () => {
  const email = await loggedIn();
  await button("Change password").click();
  await field("Current password").fill("not mine at all");
  await field("New password").fill(OTHER);
  await button("Change password").click();
  await isRefused("Current password", /not your password/);
  await field("Current password").fill(PASSWORD);
  await field("New password").fill(email);
  await button("Change password").click();
  await isRefused("New password", /may not be the account's e-mail address/);

  await button("Back").click();
  await button("Change e-mail address").click();
  await field("New e-mail address").fill("ann@nowhere");
  await field("Password").fill("not mine at all");
  await button("Send me a code").click();
  await isRefused("New e-mail address", /does not look like/);
  await field("New e-mail address").fill(somebody());
  await button("Send me a code").click();
  await isRefused("Password", /not your password/);

  await button("Back").click();
  const calls = callsOf(page);
  await button("Delete account").click();
  await field("Password").fill("not mine at all");
  await button("Delete account").click();
  await isRefused("Delete it for good", /Tick this box/);
  assert.deepEqual(calls.filter((path) => path.endsWith("delete")), []);
  await field("Delete it for good").check();
  await button("Delete account").click();
  await isRefused("Password", /not your password/);

  await button("Keep it").click();
  await callApi(page);
  await page.locator("#answer").getByText(email).waitFor();
});

test("whoever asks too often reads how long to wait", async () => {
  await Promise.all(Array.from({ length: 25 }, () => post("/auth/password/forgot", { email: "stranger@example.com" })));
  await page.goto(PAGE);
  await button("Forgot password?").click();
  await field("E-mail address").fill("stranger@example.com");

  await button("Send me a code").click();

  await says(/^Too many attempts\. Try again in (a second|\d+ (seconds|minutes))\.$/);
});

test("closed registration is told in plain words", async () => {
  const json = JSON.stringify({ status: 403, code: "registration_closed" });
  const headers = { "access-control-allow-origin": PAGE, "access-control-allow-credentials": "true" };
  const closed = { status: 403, contentType: "application/problem+json", headers, body: json };
  await page.route(`${API}/auth/register`, (route) => (route.request().method() === "POST" ? route.fulfill(closed) : route.continue()));
  await page.goto(PAGE);
  await button("Create an account").click();
  await field("E-mail address").fill(somebody());

  await button("Send me a code").click();

  await says("Nobody can create an account here at present.");
});

test("a phone that drops the page while its owner reads the mail goes on where it was, and back is back", async () => {
  const email = somebody();
  await page.goto(PAGE);
  await button("Create an account").click();
  await field("E-mail address").fill(email);
  const answered = page.waitForResponse(`${API}/auth/register`);
  await button("Send me a code").click();
  const { code } = await mailOf(API, email, (await (await answered).json()).request);

  await page.goBack();
  await screen("sign-up");
  await page.goForward();
  await page.reload();
  await page.locator("#redeem").getByText(email).waitFor();
  await field("Code").fill(code);
  await field("New password").fill(PASSWORD);
  await button("Create account").click();

  await says("Your account is ready.");
});

test("another mail brings another code, and that is the one to enter", async () => {
  const email = somebody();
  await page.goto(PAGE);
  await button("Create an account").click();
  await field("E-mail address").fill(email);
  await button("Send me a code").click();
  await screen("redeem");
  const answered = page.waitForResponse(`${API}/auth/register`);

  await button("Send another").click();

  await says("Another e-mail is on its way. Enter the code of that one.");
  await field("Code").fill((await mailOf(API, email, (await (await answered).json()).request)).code);
  await field("New password").fill(PASSWORD);
  await button("Create account").click();
  await says("Your account is ready.");
});

test("an address is confirmed by its link in another tab, and only when the button is pressed", async () => {
  const email = await loggedIn();
  const to = somebody();
  const { link } = await moving(to);
  page = await context.newPage();

  await page.goto(link);
  await page.locator("#confirm-own").getByText(email).waitFor();
  assert.equal((await post("/auth/login", { email, password: PASSWORD })).status, 200);
  await button("Use the new address").click();

  await says("Your address has moved.");
  await page.locator("#email").getByText(to).waitFor();
  assert.equal((await post("/auth/login", { email, password: PASSWORD })).status, 401);
});

test("the link of a new address waits for a login, and works for nobody else", async () => {
  const stranger = await account();
  const email = await loggedIn();
  const to = somebody();
  const { link } = await moving(to);
  page = await (await profile()).newPage();

  await page.goto(link);
  await says("Log in with your present address first.");
  await logIn(stranger);
  await button("Use the new address").click();
  await says(DEAD);
  await page.getByRole("button", { name: "Log out", exact: true }).click();
  await page.getByText("You are logged out.").waitFor(); // before that, leaving the page may stop the logout
  await page.goto(link);
  await logIn(email);
  await button("Use the new address").click();

  await says("Your address has moved.");
});

test("a login in another tab takes nothing from somebody who has opened a link", async () => {
  const { link } = await asked("/auth/register", somebody());
  await page.goto(link);
  await field("New password").fill(OTHER);
  const first = page;
  page = await context.newPage();
  await loggedIn();
  page = first;

  await button("Create account").click();

  await says("Your account is ready.");
});

test("every screen fits the narrowest phone, and one can sign up by keyboard alone", async () => {
  const email = somebody();
  page = await (await profile({ viewport: { width: 320, height: 568 } })).newPage();
  const fits = async (id) => {
    await screen(id);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), 0, id);
  };
  const keys = async (...pressed) => {
    for (const key of pressed) await page.keyboard.press(key);
  };
  await page.goto(PAGE);
  await page.locator("#login-email:focus").waitFor();
  await keys("Tab", "Tab", "Tab", "Tab", "Tab", "Enter");
  await fits("sign-up");
  await page.keyboard.type(email);
  const answered = page.waitForResponse(`${API}/auth/register`);
  await keys("Enter");
  await fits("redeem");
  await page.keyboard.type((await mailOf(API, email, (await (await answered).json()).request)).code);
  await keys("Tab");
  await page.keyboard.type(PASSWORD);
  await keys("Enter");
  await page.locator("#login-password:focus").waitFor();
  await page.keyboard.type(PASSWORD);
  await keys("Enter");
  await fits("account");
  for (const [name, id] of [["Change password", "change-password"], ["Change e-mail address", "change-email"], ["Delete account", "delete"]]) {
    await button(name).press("Enter");
    await fits(id);
    await page.goBack();
    await screen("account");
  }
  await moving(`a-rather-long-name-of-a-mailbox.${somebody()}`);
  await fits("confirm");
});

test("a password manager is told whose password it is", async () => {
  const email = await loggedIn();
  await button("Change password").click();

  assert.equal(await page.locator("#change-password [autocomplete=username]").inputValue(), email);
  const kinds = await page.locator("input[type=password]").evaluateAll((all) => all.map((input) => input.autocomplete));
  assert.deepEqual(new Set(kinds), new Set(["current-password", "new-password"]));
  assert.equal(await page.locator("#redeem-code").getAttribute("autocomplete"), "one-time-code");
});
