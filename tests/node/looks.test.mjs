// How the example page looks, in every state: axe, the narrowest phone, the user's own colours. tests/e2e/test_spa.py starts
// what this needs and says where it is.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { launch, logIn, profile } from "./browser.mjs";

const { API, PAGE } = process.env;
const AXE = fileURLToPath(import.meta.resolve("axe-core/axe.min.js"));
const PHONE = { width: 320, height: 568 };
const LAPTOP = { width: 1280, height: 800 };

const browser = await launch();
const complaints = [];
let page;

before(async () => {
  const context = await profile(browser, complaints, { viewport: LAPTOP, reducedMotion: "reduce" }); // or colours are on their way
  await context.addInitScript({ path: AXE });
  page = await context.newPage();
  await page.goto(PAGE);
});
after(() => browser.close());

const button = (name) => page.locator("[data-screen]:not([hidden])").getByRole("button", { name, exact: true });
const screen = (id) => page.locator(`#${id}`).waitFor();
const described = (id, words) => page.locator(`#${id}`).getByText(words).waitFor();

/** What axe finds wrong. `rules`: these alone. */
async function findings(rules) {
  const found = await page.evaluate(async (rules) => {
    const only = rules && { runOnly: { type: "rule", values: rules } };
    const { violations } = await globalThis.axe.run({ ...only, resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, any }) => `${id}: ${html} ${any[0]?.message}`));
  }, rules);
  return found;
}

/** Be without a finding at two widths, light and dark, and in the user's own colours; and be no wider than the window. */
async function isRight() {
  const wrong = {};
  for (const viewport of [LAPTOP, PHONE]) {
    await page.setViewportSize(viewport);
    for (const [name, media] of Object.entries({
      light: { colorScheme: "light" },
      dark: { colorScheme: "dark" },
      forced: { forcedColors: "active" },
    })) {
      await page.emulateMedia({ colorScheme: "light", forcedColors: "none", ...media });
      const found = await findings(name === "light" ? undefined : ["color-contrast"]); // nothing else depends on colours
      if (found.length) wrong[`${viewport.width} ${name}`] = found;
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) wrong[`${viewport.width} wide`] = wide;
  }
  await page.emulateMedia({ colorScheme: "light", forcedColors: "none" });
  await page.setViewportSize(LAPTOP);
  assert.deepEqual(wrong, {});
}

const STATES = [
  ["login", () => screen("login")],
  ["a login without a password", async () => {
    await page.locator("#log-in").click();
    await described("login-password-error", "Enter your password.");
  }],
  ["a login that is refused", async () => {
    await page.locator("#login-email").fill("ann@example.com");
    await page.locator("#login-password").fill("wrong");
    await page.locator("#log-in").click();
    await described("login-password-error", "do not belong together");
  }],
  ["sign-up", async () => {
    await button("Create an account").click();
    await screen("sign-up");
  }],
  ["a code and a password that are refused", async () => {
    await page.locator("#sign-up-email").fill("a-rather-long-name-of-a-mailbox.and-more@a-long-name-of-a-company.example.com");
    await button("Send me a code").click();
    await page.locator("#redeem-code").fill("0000 0000");
    await page.locator("#redeem-password").fill("short");
    await button("Create account").click();
    await described("redeem-password-error", "at least 15 characters");
  }],
  ["forgot", async () => {
    await button("Back to login").click();
    await button("Forgot password?").click();
    await screen("forgot");
  }],
  ["away", async () => {
    await page.route(`${API}/auth/**`, (route) => route.abort());
    await button("Log in").click();
    await page.evaluate(() => history.replaceState(null, ""));
    await page.evaluate((name) => localStorage.setItem(name, "in"), `sallyport ${API}`); // or the client asks nothing
    await page.reload();
    await screen("away");
  }],
  ["the drawer of nobody", async () => {
    await page.unroute(`${API}/auth/**`);
    await page.getByRole("button", { name: "What happens" }).click();
  }],
  ["the account, with a message and 15 devices", async () => {
    await page.getByRole("button", { name: "Close" }).click();
    await button("Try again").click();
    await page.route(`${API}/auth/sessions`, withMore);
    await logIn(page);
    await page.evaluate(() => (document.getElementById("notice").textContent = "Your address has moved."));
  }],
  ["a device that cannot be logged out", async () => {
    await page.route(`${API}/auth/sessions/*`, (route) => route.abort());
    await page.locator("#sessions button").last().click();
    await page.locator("#sessions").getByRole("alert").getByText("We cannot be reached").waitFor();
  }],
  ["the drawer", async () => {
    await page.getByRole("button", { name: "What happens" }).click();
    await page.getByRole("button", { name: "Call the API" }).click();
    await page.locator("#answer").getByText("demo@example.com").waitFor();
  }],
  ["the question before logging out everywhere", async () => {
    await page.getByRole("button", { name: "Close" }).click();
    await button("Log out everywhere").click();
  }],
  ["change password", async () => {
    await page.keyboard.press("Escape");
    await button("Change password").click();
    await screen("change-password");
  }],
  ["change e-mail address", async () => {
    await page.goBack();
    await button("Change e-mail address").click();
    await screen("change-email");
  }],
  ["confirm", async () => {
    await page.locator("#change-email-email").fill(`ann-${process.pid}@example.com`);
    await page.locator("#change-email-password").fill("correct horse battery staple");
    await button("Send me a code").click();
    await screen("confirm");
  }],
  ["delete, which is refused", async () => {
    await button("Not now").click();
    await button("Delete account").click();
    await button("Delete account").click();
    await described("delete-sure-error", "Tick this box");
  }],
];

/** More devices than fit. */
async function withMore(route) {
  if (route.request().method() !== "GET") return route.continue();
  const answer = await route.fetch();
  const { sessions } = await answer.json();
  const more = Array.from({ length: 15 - sessions.length }, (_, number) => ({
    ...sessions[0], sid: `more-${number}`, current: false, ip: "2001:db8:1234:5678:9abc:def0:1234:5678",
  }));
  return route.fulfill({ response: answer, json: { sessions: [...sessions, ...more].slice(0, 15) } });
}

for (const [name, open] of STATES) {
  test(`nothing is wrong with ${name}`, async () => {
    await open();
    await isRight();
  });
}

test("in the user's own colours what is a button has an edge, and what is chosen is seen", async () => {
  await page.emulateMedia({ forcedColors: "active" });
  await page.getByRole("button", { name: "Log out", exact: true }).first().click();
  await page.locator("#login").waitFor();
  const edges = await page.locator("#login button:not(.link):not(.secret *)").evaluateAll((all) =>
    all.map((button) => {
      const { borderTopWidth, borderTopColor, backgroundColor } = getComputedStyle(button);
      return borderTopWidth !== "0px" && borderTopColor !== backgroundColor;
    }),
  );

  assert.deepEqual(edges, [true]);
});
