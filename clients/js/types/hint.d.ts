/**
 * Whether somebody was logged in here, which a page cannot read from a cookie. It is no secret, and decides nothing but
 * whether Sallyport is asked.
 *
 * `in`: somebody was. `owed`: they logged out, and Sallyport has not heard of it. `out`: nobody. `unknown`: nothing is kept here.
 *
 * @typedef {"in" | "owed" | "out" | "unknown"} Known
 * @typedef {{ get(): Known, set(known: Known): void }} Hint
 */
export type Known = "in" | "owed" | "out" | "unknown";
export type Hint = {
    get(): Known;
    set(known: Known): void;
};
/** @param {string} name @returns {Hint} */
export declare function hintOf(name: string): Hint;
/** For body mode, whose store says the same. @type {Hint} */
export declare const NO_HINT: Hint;
