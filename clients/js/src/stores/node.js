// @ts-check
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Keep a secret in a file that only this user of the machine can read. It is replaced in one step: whoever reads finds the
 * old secret or the new one.
 *
 * @param {string} path
 * @returns {import("../memory.js").Store}
 */
export function fileStore(path) {
  const file = resolve(path);
  return {
    name: file,
    async get() {
      try {
        return (await readFile(file, "utf8")) || null;
      } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return null;
        throw error;
      }
    },
    async set(secret) {
      if (secret === null) return rm(file, { force: true });
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const next = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
      const handle = await open(next, "wx", 0o600);
      try {
        await handle.writeFile(secret);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(next, file);
    },
  };
}
