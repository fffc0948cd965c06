/**
 * Keep a secret in a file that only this user of the machine can read. It is replaced in one step: whoever reads finds the
 * old secret or the new one.
 *
 * @param {string} path
 * @returns {import("../memory.js").Store}
 */
export declare function fileStore(path: string): import("../memory.js").Store;
