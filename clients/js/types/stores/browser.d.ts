/**
 * For a page on another site than Sallyport, where no cookie reaches it. Any script in the page can read what is kept here:
 * prefer `mode: "cookie"`.
 *
 * @param {string} [name]
 * @returns {import("../memory.js").Store}
 */
export declare function localStore(name?: string): import("../memory.js").Store;
