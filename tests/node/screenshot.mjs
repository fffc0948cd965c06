// Pictures of the example page. Beside `make dev` and `make spa`: node tests/node/screenshot.mjs docs/images [light|dark] [width]
import { join } from "node:path";

import { devices } from "playwright-core";

import { launch, logIn } from "./browser.mjs";
import { mail } from "./outbox.mjs";

const { API = "http://127.0.0.1:8787", PAGE = "http://127.0.0.1:5173" } = process.env;
const [into, colorScheme = "light", width = "1120"] = process.argv.slice(2);
const browser = await launch();

async function open(options) {
  const page = await browser.newPage({ timezoneId: "UTC", locale: "en-GB", ...options });
  await page.clock.install();
  await page.goto(PAGE);
  return page;
}

/** Move the server's clock and the page's. */
async function wait(page, seconds) {
  await fetch(`${API}/_dev/clock`, { method: "POST", body: JSON.stringify({ advance_seconds: seconds }) });
  await page.clock.fastForward(seconds * 1000);
}

const shot = (page, name) => page.screenshot({ path: join(into, name), fullPage: true, animations: "disabled" });

const phone = await open({ colorScheme, viewport: { width: 420, height: 600 }, deviceScaleFactor: 2 });
await phone.getByRole("button", { name: "Open an account" }).click();
await phone.locator("#sign-up-email").fill("ann@example.com");
await phone.getByRole("button", { name: "Send the mail" }).click();
await phone.locator("#redeem-code").fill((await mail(API, { to: "ann@example.com", has: "Confirm your" })).code);
await phone.locator("#redeem-password").fill("four small words here");
await shot(phone, "sign-up.png");

await logIn(await open({ userAgent: devices["iPhone 15"].userAgent }));
await logIn(await open({ userAgent: devices["Desktop Firefox"].userAgent }));
const page = await open({ colorScheme, viewport: { width: Number(width), height: 600 } });
await logIn(page);
await wait(page, 480);
await page.getByText("a new access token").waitFor();
await wait(page, 164);
await page.getByRole("button", { name: "Call the API" }).click();
await page.getByText('"roles"').waitFor();
await page.getByRole("button", { name: "Call the API" }).blur();
await shot(page, "spa.png");
await browser.close();
