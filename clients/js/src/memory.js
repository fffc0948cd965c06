// @ts-check
/**
 * @typedef {object} Store  Keeps one secret: the refresh token, or the device token.
 * @property {() => Promise<string | null>} get
 * @property {(secret: string | null) => Promise<void>} set
 * @property {string} [name]  The same wherever it is the same store: clients that share it take turns.
 */

/** Keep a secret for as long as the program runs. @returns {Store} */
export function inMemory() {
  /** @type {string | null} */
  let kept = null;
  return {
    get: async () => kept,
    set: async (secret) => {
      kept = secret;
    },
  };
}
