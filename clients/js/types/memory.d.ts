/**
 * @typedef {object} Store  Keeps one secret: the refresh token, or the device token.
 * @property {() => Promise<string | null>} get
 * @property {(secret: string | null) => Promise<void>} set
 * @property {string} [name]  The same wherever it is the same store: clients that share it take turns.
 */
export type Store = {
    get: () => Promise<string | null>;
    set: (secret: string | null) => Promise<void>;
    /**
     * The same wherever it is the same store: clients that share it take turns.
     */
    name?: string;
};
/** Keep a secret for as long as the program runs. @returns {Store} */
export declare function inMemory(): Store;
