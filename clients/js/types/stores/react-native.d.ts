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
export type Store = import("../memory.js").Store;
export type SecureStore = {
    getItemAsync: (key: string) => Promise<string | null>;
    setItemAsync: (key: string, value: string) => Promise<void>;
    deleteItemAsync: (key: string) => Promise<void>;
};
export type Keychain = {
    getGenericPassword: (options: {
        service: string;
    }) => Promise<false | {
        password: string;
    }>;
    setGenericPassword: (username: string, password: string, options: {
        service: string;
    }) => Promise<unknown>;
    resetGenericPassword: (options: {
        service: string;
    }) => Promise<unknown>;
};
/** Keep a secret by `expo-secure-store`. @param {SecureStore} module @param {string} [name] @returns {Store} */
export declare function secureStore(module: SecureStore, name?: string): Store;
/** Keep a secret by `react-native-keychain`. @param {Keychain} module @param {string} [name] @returns {Store} */
export declare function keychainStore(module: Keychain, name?: string): Store;
