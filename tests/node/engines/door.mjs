// What stands between the browser and Sallyport: one https origin that serves the pages and hands calls on. A test holds calls,
// answers in Sallyport's place, cuts the line, or refuses cookies here, so that every engine meets the same network.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const HERE = fileURLToPath(new URL(".", import.meta.url));
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const CALL = /^\/(auth|orders|still)\b/;

/**
 * Open the door. `origin` is https; `plain` is the same on http, whose cookies an engine may refuse.
 *
 * @param {{ api: string, key: string, cert: string, port: number, plainPort: number }} where
 */
export async function openDoor({ api, key, cert, port, plainPort }) {
  const door = new Door(api);
  const answer = (/** @type {any} */ ...both) => door.answer(...both).catch(() => both[1].destroy());
  const servers = [https.createServer({ key, cert }, answer), http.createServer(answer)];
  for (const [server, on] of [[servers[0], port], [servers[1], plainPort]]) await once(server.listen(on, "127.0.0.1"), "listening");
  door.origin = `https://localhost:${port}`;
  door.plain = `http://localhost:${plainPort}`;
  door.close = () => {
    door.reset();
    for (const server of servers) server.close(), server.closeAllConnections();
  };
  return door;
}

class Door {
  /** Every call that came, in order; its status is 0 if nothing answered. @type {{ method: string, path: string, status: number }[]} */
  calls = [];
  /** Whether no call gets through. */
  isOffline = false;
  /** Whether cookies of answers are lost, as in a browser that keeps none. */
  losesCookies = false;
  /** @type {Map<string, (request: any) => any>} */
  #instead = new Map();
  /** @type {{ path: string, resolve: () => void }[]} */
  #awaited = [];
  /** @type {Set<() => void>} */
  #held = new Set();

  constructor(api) {
    this.api = new URL(api);
  }

  /** Undo what the last test did. */
  reset() {
    this.calls = [];
    this.isOffline = this.losesCookies = false;
    this.#instead.clear();
    for (const release of this.#held) release();
    this.#held.clear();
  }

  /** Count calls of a path. @param {string} path */
  count(path) {
    return this.calls.filter((call) => call.path === path).length;
  }

  /** Wait for the next answer to calls of a path. @param {string} path @returns {Promise<void>} */
  next(path) {
    return new Promise((resolve) => this.#awaited.push({ path, resolve }));
  }

  /** Answer calls of a path here. @param {string} path @param {(request: any) => { status: number, headers?: object, body?: string } | undefined} answer */
  instead(path, answer) {
    this.#instead.set(path, answer);
  }

  /**
   * Hold calls of a path until `release()`. `came` resolves with the first of them.
   *
   * @param {string} path @param {{ status: number, headers?: object, body?: string }} [answer] in place of Sallyport's
   */
  hold(path, answer) {
    const [came, come] = later();
    const [released, release] = later();
    this.#held.add(release);
    this.#instead.set(path, async () => {
      come();
      await released;
      return answer;
    });
    return {
      came,
      release: () => {
        this.#instead.delete(path);
        release();
      },
    };
  }

  async answer(request, response) {
    const path = new URL(request.url, "http://door").pathname;
    if (!CALL.test(path)) return this.#page(path, response);
    const call = { method: request.method, path, status: 0 };
    this.calls.push(call);
    const body = await read(request);
    const instead = this.#instead.get(path);
    const own = instead && (await instead(request));
    if (this.isOffline && !own) return response.destroy();
    const { status, headers, body: text } = own ?? (await this.#ask(request, body));
    if (this.losesCookies) delete headers["set-cookie"];
    call.status = status;
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(text ?? "");
    for (const { path: awaited, resolve } of this.#awaited) if (awaited === path) resolve();
  }

  /** Hand a call on, and return its answer. */
  async #ask({ method, url, headers }, body) {
    const sent = http.request(new URL(url, this.api), { method, headers: { ...headers, host: this.api.host } });
    sent.end(body);
    const [answer] = await once(sent, "response");
    const { connection, "transfer-encoding": chunked, ...kept } = answer.headers;
    return { status: answer.statusCode, headers: kept, body: await read(answer) };
  }

  /** Serve the client as npm packs it, a page with nothing but the client, or the example page. */
  async #page(path, response) {
    if (path === "/blank.html") return response.writeHead(200, { "content-type": "text/html" }).end("<title>Blank</title>");
    const asked = path.endsWith("/") ? `${path}index.html` : path;
    const [, folder, rest] = /^\/(client|engines)\/(.*)$/.exec(asked) ?? [];
    const home = { client: `${ROOT}clients/js`, engines: HERE }[folder] ?? `${ROOT}examples/spa`;
    const file = join(home, normalize(`/${rest ?? asked}`));
    const content = await readFile(file).catch(() => null);
    if (content === null) return response.writeHead(404).end();
    const isText = extname(file) === ".html";
    const text = isText ? `${content}`.replace(/http:\/\/(127\.0\.0\.1|localhost):8787/g, this.origin) : content;
    const filled = isText && folder === "engines" ? text.replace("CLIENT", await entry()) : text;
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }).end(filled);
  }
}

/** Where the package says that its entry is. */
async function entry() {
  const { exports } = JSON.parse(await readFile(`${ROOT}clients/js/package.json`, "utf8"));
  const entries = Object.entries(exports).map(([name, file]) => [`@sallyport/client${name.slice(1)}`, (file.browser ?? file.default ?? file).replace(".", "/client")]);
  return JSON.stringify({ imports: Object.fromEntries(entries) });
}

async function read(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

/** @returns {[Promise<void>, () => void]} */
function later() {
  let done = () => {};
  return [new Promise((resolve) => (done = resolve)), () => done()];
}
