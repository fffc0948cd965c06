// @ts-check
/**
 * Whether somebody was logged in here, which a page cannot read from a cookie. It is no secret, and decides nothing but
 * whether Sallyport is asked.
 *
 * `in`: somebody was. `owed`: they logged out, and Sallyport has not heard of it. `out`: nobody. `unknown`: nothing is kept here.
 *
 * @typedef {"in" | "owed" | "out" | "unknown"} Known
 * @typedef {{ get(): Known, set(known: Known): void }} Hint
 */

/** @param {string} name @returns {Hint} */
export function hintOf(name) {
  return {
    get() {
      try {
        return /** @type {Known} */ (localStorage.getItem(name) ?? "out");
      } catch {
        return "unknown";
      }
    },
    set(known) {
      try {
        if (known === "out") localStorage.removeItem(name);
        else localStorage.setItem(name, known);
      } catch {}
    },
  };
}

/** For body mode, whose store says the same. @type {Hint} */
export const NO_HINT = { get: () => "unknown", set() {} };
