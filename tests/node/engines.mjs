// Browsers, by the few things that tests of tabs need of one: so that a test runs in every engine. ENGINE says which.
import { launch as launchChromium } from "./browser.mjs";

const ENGINES = { chromium };

/** Start the engine that ENGINE names. Returns a browser: `profile()`, each an empty one, and `close()`. */
export function launch() {
  const { ENGINE = "chromium" } = process.env;
  if (!(ENGINE in ENGINES)) throw new Error(`ENGINE is one of ${Object.keys(ENGINES)}, and not ${ENGINE}`);
  return ENGINES[ENGINE]();
}

/**
 * A profile has `tab(url)` and `close()`. A tab has `open(url)`, `back()`, `reload()`, `close()`, `run(code, argument)`, which runs
 * a function there and returns its JSON, and `until(code)`, which waits for one to be true.
 */
async function chromium() {
  const browser = await launchChromium();
  const profile = async () => {
    const context = await browser.newContext();
    context.setDefaultTimeout(30_000);
    const tab = async (url) => {
      const page = await context.newPage();
      await page.goto(url);
      return {
        open: (other) => page.goto(other),
        back: () => page.goBack(),
        reload: () => page.reload(),
        close: () => page.close(),
        run: (code, argument) => page.evaluate(code, argument),
        until: (code) => page.waitForFunction(code),
      };
    };
    return { tab, close: () => context.close() };
  };
  return { profile, close: () => browser.close() };
}
