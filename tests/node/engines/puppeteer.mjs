// Chromium by its own protocol, and Firefox by WebDriver BiDi: it has no driver in Debian. Each profile is a context of one browser.
import puppeteer from "puppeteer-core";

import { Gone, Tab } from "./tab.mjs";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
/** What the two say of a document that went while it was asked. */
const GONE = /context was destroyed|Cannot find context|Inspected target navigated|realm|no such frame|AbortError|Actor .* destroyed|browsing context.*(discarded|closed)|detached|Discarded/i;

/** @param {"chromium" | "firefox"} name @param {string} path */
export async function launch(name, path) {
  const isFirefox = name === "firefox";
  const browser = await puppeteer.launch({
    browser: isFirefox ? "firefox" : "chrome",
    executablePath: path,
    acceptInsecureCerts: true,
    args: isFirefox ? [] : FLAGS,
    ignoreDefaultArgs: isFirefox ? [] : ["--disable-back-forward-cache"],
  });
  let context;
  return {
    name,
    fresh: async () => {
      await context?.close();
      context = await browser.createBrowserContext();
    },
    tab: async () => new Tab(raw(await context.newPage(), context)),
    close: () => browser.close(),
  };
}

function raw(page, context) {
  const element = async (source) => (await page.evaluateHandle(source)).asElement();
  return {
    evaluate: (source) => page.evaluate(source).catch((error) => { throw GONE.test(error.message) ? new Gone(error.message) : error; }),
    click: async (source) => {
      await page.bringToFront();
      await (await element(source)).click();
    },
    type: async (source, text) => {
      await page.bringToFront();
      await (await element(source)).type(text);
    },
    goto: async (url) => void (await page.goto(url)),
    back: async () => void (await page.goBack({ waitUntil: [] })),
    forward: async () => void (await page.goForward({ waitUntil: [] })),
    reload: async () => void (await page.reload()),
    show: () => page.bringToFront(),
    cookies: () => context.cookies(),
  };
}
