// Debian's Chromium, headless, with an empty profile that ends with it.
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];

/** Start a browser. Every new context of it is another empty profile. */
export function launch() {
  const args = [...FLAGS, "--disable-component-update", "--disable-sync"];
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
}

/** Log in as the demo user. */
export async function logIn(page) {
  await page.getByRole("button", { name: "Fill in" }).click();
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  await page.getByRole("heading", { name: "Access token" }).waitFor();
}
