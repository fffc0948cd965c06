// A tab of any engine. An engine knows how to evaluate, click and type; everything else is said once, here.
import assert from "node:assert/strict";

/** Milliseconds after which a test gives up on a condition. Nothing waits for so long but a test that fails. */
const PATIENCE = 30_000;

export class Gone extends Error {} // the document went while it was asked

/**
 * @typedef {object} Raw  What an engine has to know.
 * @property {(source: string) => Promise<string>} evaluate  Evaluate an expression, whose promise is a string. Throws Gone if the
 *   page goes away meanwhile.
 * @property {(source: string) => Promise<void>} click  Click on the element that an expression gives.
 * @property {(source: string, text: string) => Promise<void>} type
 * @property {(url: string) => Promise<void>} goto
 * @property {() => Promise<void>} back
 * @property {() => Promise<void>} forward
 * @property {() => Promise<void>} reload
 * @property {() => Promise<void>} show  Bring it to the front.
 * @property {() => Promise<{ name: string, httpOnly: boolean, secure: boolean, sameSite: string }[]>} cookies
 */

export class Tab {
  /** @param {Raw} raw */
  constructor(raw) {
    this.raw = raw;
    for (const verb of ["goto", "back", "forward", "reload", "show", "cookies"]) this[verb] = (...how) => raw[verb](...how);
  }

  /** Run a function in the page, and return what its promise gives. @template T @param {(...args: any[]) => T} run @returns {Promise<Awaited<T>>} */
  async run(run, ...args) {
    const source = expression(run, args);
    const tried = `(async () => { try { return JSON.stringify({ value: await ${source} }); } catch (error) { return JSON.stringify({ thrown: String(error) + error.stack }); } })()`;
    const { value, thrown } = JSON.parse(await this.raw.evaluate(tried));
    assert.equal(thrown, undefined, `${run} threw ${thrown}`);
    return value;
  }

  /** Wait until a function gives something in the page, over reloads. It is asked whenever the document changes. */
  async until(test, ...args) {
    const watched = expression(watch, []).replace(/\(\)$/, `(() => ${expression(test, args)})`);
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      try {
        return JSON.parse(await within(deadline, this.raw.evaluate(watched), `${test} ${JSON.stringify(args)}`));
      } catch (error) {
        if (!(error instanceof Gone) || Date.now() > deadline) throw error;
      }
    }
  }

  /** Wait until something is shown: `{ button: name }`, `{ heading: name }`, `{ field: name }` or `{ text }`. A name may be several. */
  see(what) {
    return this.until((look, what) => Boolean((0, look)(what)), ref(look), what);
  }

  /** Click on it, when it is there. */
  async press(what) {
    await this.see(what);
    await this.raw.click(expression(look, [what]));
  }

  /** Type into a field, in place of what it has. */
  async fill(what, text) {
    await this.see(what);
    await this.run((look, what) => void ((0, look)(what).value = ""), ref(look), what);
    await this.raw.type(expression(look, [what]), text);
  }
}

/** A function, as an argument of another one. */
const ref = (run) => ({ toJSON: undefined, source: `${run}` });

const expression = (run, args) => `(${run})(${args.map((arg) => arg?.source ?? JSON.stringify(arg)).join(", ")})`;

/** Runs in the page. */
function watch(test) {
  return new Promise((resolve) => {
    const ask = () => {
      const given = test();
      if (!given) return;
      observer.disconnect();
      resolve(JSON.stringify(given));
    };
    const observer = new MutationObserver(ask);
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    ask();
  });
}

/** Runs in the page: find what a person sees, by what it is and how it is called. */
function look({ button, heading, field, text, inside = "body" }) {
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true });
  const area = document.querySelector(inside);
  if (!area) return null;
  if (text) return [...area.querySelectorAll("*")].find((element) => isShown(element) && [text].flat().some((one) => element.innerText?.includes(one))) ?? null;
  const [names, kinds] = button ? [button, "button"] : heading ? [heading, "h1, h2, h3"] : [field, "input"];
  const called = (element) => (element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent).trim();
  const named = [...area.querySelectorAll(kinds)].filter((element) => [names].flat().includes(field ? (element.labels?.[0]?.textContent ?? "").trim() : called(element)));
  return named.find(isShown) ?? null;
}

async function within(deadline, promise, what) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(reject, deadline - Date.now(), new Error(`it never came to be: ${what}`))));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
