// One person through a month of the example page. tests/e2e/test_spa.py starts what this needs and says where it is.
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { callApi, closeDrawer, launch, profile } from "./browser.mjs";
import { mail } from "./outbox.mjs";

const { API, PAGE } = process.env;
const ADDRESS = "ann@example.com";
const NEW_ADDRESS = "ann.new@example.com";
const [FIRST, SECOND, THIRD] = ["the very first words", "some other words now", "and these are for good"];
const ENDED = "You are logged out: this device was logged out elsewhere, or too much time has passed.";

const browser = await launch();
const complaints = [];
after(() => browser.close());

const button = (page, name) => page.locator("[data-screen]:not([hidden])").getByRole("button", { name, exact: true });
const field = (page, label) => page.locator("[data-screen]:not([hidden])").getByLabel(label, { exact: true });
const screen = (page, id) => page.locator(`#${id}`).waitFor();
const says = (page, words) => page.getByRole("alert").getByText(words).waitFor();

const isWrong = (page) => page.locator("#login-password-error").getByText("do not belong together").waitFor();

async function days(count) {
  await fetch(`${API}/_dev/clock`, { method: "POST", body: JSON.stringify({ advance_seconds: count * 86_400 }) });
}

async function open(options) {
  const page = await (await profile(browser, complaints, options)).newPage();
  await page.goto(PAGE);
  await screen(page, "login");
  return page;
}

async function logIn(page, email, password) {
  await field(page, "E-mail address").fill(email);
  await field(page, "Password").fill(password);
  await button(page, "Log in").click();
}

/** Call the API, and be who it says. */
async function isLoggedIn(page, email) {
  await callApi(page);
  await page.locator("#answer").getByText(`"email":"${email}"`).waitFor();
  await closeDrawer(page);
}

/** Call the API, and be told that the session is over. */
async function isLoggedOut(page) {
  await callApi(page);
  await says(page, ENDED);
}

test("a month: sign up, forget, reset, change the password, change the address, leave", async () => {
  const laptop = await open();
  const phone = await open({ viewport: { width: 390, height: 844 } });

  // The first day: an account, by the code, which is read on another device.
  await button(laptop, "Create an account").click();
  await field(laptop, "E-mail address").fill(` ${ADDRESS.toUpperCase()} `);
  await button(laptop, "Send me a code").click();
  await screen(laptop, "redeem");
  await field(laptop, "Code").fill((await mail(API, { to: ADDRESS, has: "Confirm your e-mail address" })).code);
  await field(laptop, "New password").fill(FIRST);
  await button(laptop, "Create account").click();
  await says(laptop, "Your account is ready.");
  await field(laptop, "Password").fill(FIRST);
  await button(laptop, "Log in").click();
  await screen(laptop, "account");
  await isLoggedIn(laptop, ADDRESS);

  // A week later the password is forgotten. The link is opened on the phone, and ends the laptop's session.
  await days(7);
  await isLoggedIn(laptop, ADDRESS);
  await button(phone, "Forgot password?").click();
  await field(phone, "E-mail address").fill(ADDRESS);
  await button(phone, "Send me a code").click();
  await screen(phone, "redeem");
  await phone.goto((await mail(API, { to: ADDRESS, has: "Reset your password" })).link);
  await field(phone, "New password").fill(SECOND);
  await button(phone, "Save password").click();
  await says(phone, "Your password is saved");
  await logIn(phone, ADDRESS, FIRST);
  await isWrong(phone);
  await logIn(phone, ADDRESS, SECOND);
  await screen(phone, "account");
  await isLoggedOut(laptop);
  await logIn(laptop, ADDRESS, SECOND);
  await screen(laptop, "account");

  // The week after: another password, by choice. The phone is logged out, the laptop lives on.
  await days(7);
  await Promise.all([isLoggedIn(laptop, ADDRESS), isLoggedIn(phone, ADDRESS)]);
  await button(laptop, "Change password").click();
  await field(laptop, "Current password").fill(SECOND);
  await field(laptop, "New password").fill(THIRD);
  await button(laptop, "Change password").click();
  await says(laptop, "Your password is changed");
  await isLoggedIn(laptop, ADDRESS);
  await laptop.reload();
  await screen(laptop, "account");
  await isLoggedOut(phone);
  await logIn(phone, ADDRESS, THIRD);
  await screen(phone, "account");

  // Another week: another address. Both devices stay logged in, and the old address opens nothing.
  await days(7);
  await Promise.all([isLoggedIn(laptop, ADDRESS), isLoggedIn(phone, ADDRESS)]);
  await button(laptop, "Change e-mail address").click();
  await field(laptop, "New e-mail address").fill(NEW_ADDRESS);
  await field(laptop, "Password").fill(THIRD);
  await button(laptop, "Send me a code").click();
  await screen(laptop, "confirm");
  await field(laptop, "Code").fill((await mail(API, { to: NEW_ADDRESS, has: "Confirm your new" })).code);
  await button(laptop, "Use the new address").click();
  await says(laptop, "Your address has moved.");
  await Promise.all([isLoggedIn(laptop, NEW_ADDRESS), isLoggedIn(phone, NEW_ADDRESS)]);
  await phone.getByRole("button", { name: "Log out", exact: true }).click();
  await says(phone, "You are logged out.");
  await logIn(phone, ADDRESS, THIRD);
  await isWrong(phone);
  await logIn(phone, NEW_ADDRESS, THIRD);
  await screen(phone, "account");

  // The last week: the account is deleted.
  await days(7);
  await Promise.all([isLoggedIn(laptop, NEW_ADDRESS), isLoggedIn(phone, NEW_ADDRESS)]);
  await button(laptop, "Delete account").click();
  await field(laptop, "Password").fill(THIRD);
  await field(laptop, "Delete it for good").check();
  await button(laptop, "Delete account").click();
  await says(laptop, "Your account is deleted.");
  await isLoggedOut(phone);
  await logIn(phone, NEW_ADDRESS, THIRD);
  await isWrong(phone);
  assert.equal((await laptop.context().cookies()).some(({ name }) => name === "__Host-refresh_token"), false);

  // What came by mail, in all.
  await mail(API, { to: NEW_ADDRESS, has: "deleted" });
  const { messages } = await (await fetch(`${API}/_dev/outbox`)).json();
  const to = (address) => messages.filter((message) => message.to === address).length;
  assert.deepEqual([to(ADDRESS), to(NEW_ADDRESS)], [6, 2]);
  assert.deepEqual(complaints, []);
});
