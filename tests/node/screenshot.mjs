// Pictures of the example page, at two sizes. Beside `make dev` and `make spa`: node tests/node/screenshot.mjs docs/images
import { join } from "node:path";

import { devices } from "playwright-core";

import { callApi, launch, logIn } from "./browser.mjs";
import { mail } from "./outbox.mjs";

const { API = "http://127.0.0.1:8787", PAGE = "http://127.0.0.1:5173" } = process.env;
const [into] = process.argv.slice(2);
const PHONE = { viewport: { width: 390, height: 664 }, deviceScaleFactor: 2 };
const browser = await launch();

async function open(options) {
  const page = await browser.newPage({ timezoneId: "UTC", locale: "en-GB", ...options });
  await page.clock.install();
  await page.goto(PAGE);
  await page.locator("#login").waitFor();
  return page;
}

/** Move the server's clock and the page's. */
async function wait(page, seconds) {
  await fetch(`${API}/_dev/clock`, { method: "POST", body: JSON.stringify({ advance_seconds: seconds }) });
  await page.clock.fastForward(seconds * 1000);
}

const shot = (page, name, fullPage = true) => page.screenshot({ path: join(into, name), fullPage, animations: "disabled" });

const phone = await open({ ...PHONE, colorScheme: "dark" });
await phone.getByRole("button", { name: "Create an account" }).click();
await phone.locator("#sign-up-email").fill("ann@example.com");
await phone.getByRole("button", { name: "Send me a code" }).click();
await phone.locator("#redeem-code").fill((await mail(API, { to: "ann@example.com", has: "Confirm your" })).code);
await phone.locator("#redeem-password").fill("too short");
await phone.getByRole("button", { name: "Create account" }).click();
await phone.getByText("at least 15 characters").waitFor();
await shot(phone, "sign-up.png");

await logIn(await open({ userAgent: devices["iPhone 15"].userAgent }));
await logIn(await open({ userAgent: devices["Desktop Firefox"].userAgent }));
const small = await open({ ...PHONE, userAgent: devices["Pixel 7"].userAgent });
await logIn(small);
await shot(small, "account-phone.png");

const page = await open({ viewport: { width: 1180, height: 960 } });
await logIn(page);
await shot(page, "account.png");
await callApi(page);
await page.getByText('"roles"').waitFor();
await wait(page, 480);
await page.getByText("a new access token").waitFor();
await wait(page, 164);
await page.getByRole("button", { name: "Call the API" }).click();
await page.locator('#call[aria-busy="false"]').waitFor();
await page.getByRole("button", { name: "Call the API" }).blur();
await shot(page, "spa.png", false);
await browser.close();
