// Debian's Chromium, headless, with an empty profile that ends with it.
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];

/** Start a browser. Every new context of it is another empty profile. */
export function launch(options) {
  const args = [...FLAGS, "--disable-component-update", "--disable-sync"];
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args, ...options });
}

/**
 * Open an empty profile. What its pages complain of goes to `complaints`; that the API refuses things is no complaint.
 */
export async function profile(browser, complaints, options) {
  const opened = await browser.newContext(options);
  opened.setDefaultTimeout(30_000);
  const isExpected = (text) => /^Failed to load resource: the server responded with a status of 4(0[013]|29) /.test(text);
  opened.on("console", (said) => said.type() === "error" && !isExpected(said.text()) && complaints.push(said.text()));
  opened.on("weberror", (thrown) => complaints.push(thrown.error().stack));
  return opened;
}

/** Log in as the demo user. */
export async function logIn(page) {
  await page.getByRole("button", { name: "Use the demo account" }).click();
  await page.locator("#log-in").click();
  await page.getByRole("heading", { name: "Your account" }).waitFor();
}

/** Call the API, as developers do from the drawer. */
export async function callApi(page) {
  if (!(await page.locator("#drawer").isVisible())) await page.getByRole("button", { name: "What happens" }).click();
  await page.getByRole("button", { name: "Call the API" }).click();
}

export async function closeDrawer(page) {
  if (await page.locator("#drawer").isVisible()) await page.getByRole("button", { name: "Close" }).click();
}
