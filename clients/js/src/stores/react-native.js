// @ts-check
/**
 * The keystores of iOS and Android. Give the module that you have installed.
 *
 * @typedef {import("../memory.js").Store} Store
 *
 * @typedef {object} SecureStore  `expo-secure-store`
 * @property {(key: string) => Promise<string | null>} getItemAsync
 * @property {(key: string, value: string) => Promise<void>} setItemAsync
 * @property {(key: string) => Promise<void>} deleteItemAsync
 *
 * @typedef {object} Keychain  `react-native-keychain`
 * @property {(options: { service: string }) => Promise<false | { password: string }>} getGenericPassword
 * @property {(username: string, password: string, options: { service: string }) => Promise<unknown>} setGenericPassword
 * @property {(options: { service: string }) => Promise<unknown>} resetGenericPassword
 */

/** Keep a secret by `expo-secure-store`. @param {SecureStore} module @param {string} [name] @returns {Store} */
export function secureStore(module, name = "sallyport") {
  return {
    name,
    get: () => module.getItemAsync(name),
    set: (secret) => (secret === null ? module.deleteItemAsync(name) : module.setItemAsync(name, secret)),
  };
}

/** Keep a secret by `react-native-keychain`. @param {Keychain} module @param {string} [name] @returns {Store} */
export function keychainStore(module, name = "sallyport") {
  const options = { service: name };
  return {
    name,
    async get() {
      const found = await module.getGenericPassword(options);
      return found ? found.password : null;
    },
    async set(secret) {
      if (secret === null) await module.resetGenericPassword(options);
      else await module.setGenericPassword(name, secret, options);
    },
  };
}
