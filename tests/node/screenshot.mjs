// Beside `make dev` and `make spa`: node tests/node/screenshot.mjs docs/images/spa.png [light|dark] [width]
import { devices } from "playwright-core";

import { launch, logIn } from "./browser.mjs";

const [path, colorScheme = "light", width = "1120"] = process.argv.slice(2);
const browser = await launch();

async function open(options) {
  const page = await browser.newPage({ timezoneId: "UTC", locale: "en-GB", ...options });
  await page.clock.install();
  await page.goto("http://127.0.0.1:5173/");
  await logIn(page);
  return page;
}

/** Move the server's clock and the page's. */
async function wait(page, seconds) {
  await fetch("http://127.0.0.1:8787/_dev/clock", { method: "POST", body: JSON.stringify({ advance_seconds: seconds }) });
  await page.clock.fastForward(seconds * 1000);
}

await open({ userAgent: devices["iPhone 15"].userAgent });
await open({ userAgent: devices["Desktop Firefox"].userAgent });
const page = await open({ colorScheme, viewport: { width: Number(width), height: 600 } });
await wait(page, 480);
await page.getByText("a new access token").waitFor();
await wait(page, 164);
await page.getByRole("button", { name: "Call the API" }).click();
await page.getByText('"roles"').waitFor();
await page.getByRole("button", { name: "Call the API" }).blur();
await page.screenshot({ path, fullPage: true, animations: "disabled" });
await browser.close();
