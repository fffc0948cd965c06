// @ts-check
/**
 * For a page on another site than Sallyport, where no cookie reaches it. Any script in the page can read what is kept here:
 * prefer `mode: "cookie"`.
 *
 * @param {string} [name]
 * @returns {import("../memory.js").Store}
 */
export function localStore(name = "sallyport") {
  return {
    name,
    get: async () => localStorage.getItem(name),
    set: async (secret) => (secret === null ? localStorage.removeItem(name) : localStorage.setItem(name, secret)),
  };
}
