// WebKitGTK's small browser by WebDriver, on a display that nobody sees. A session has one profile: `fresh` empties it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { Gone, Tab } from "./tab.mjs";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
/** How long a script may take, in milliseconds: less than a test waits, so that the driver is free again. */
const SCRIPT = 29_000;

/** @param {string} path of MiniBrowser @param {{ port: number, origins: string[] }} where the driver listens, and whose cookies tests leave */
export async function launch(path, { port, origins }) {
  const display = spawn("Xvfb", ["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"], { stdio: ["ignore", "pipe", "ignore"] });
  const [number] = await once(createInterface(display.stdout), "line");
  const env = { ...process.env, DISPLAY: `:${number}`, GDK_BACKEND: "x11", LIBGL_ALWAYS_SOFTWARE: "1", NO_AT_BRIDGE: "1" };
  const driver = spawn("WebKitWebDriver", ["--host=127.0.0.1", `--port=${port}`], { env, stdio: "ignore" });
  await once(driver, "spawn");
  const base = `http://127.0.0.1:${port}`;
  await listening(base, driver);
  const options = { binary: path, args: ["--automation"] };
  const { sessionId } = await ask(base, "POST", "/session", { capabilities: { alwaysMatch: { acceptInsecureCerts: true, "webkitgtk:browserOptions": options } } });
  const session = `${base}/session/${sessionId}`;
  const call = (method, path, body) => ask(session, method, path, body);
  await call("POST", "/timeouts", { script: SCRIPT });
  let current;
  let last = Promise.resolve();
  /** A driver does one thing at a time, in one tab. */
  const inTurn = (run) => (last = last.then(run, run));
  const to = async (handle) => {
    if (handle !== current) await call("POST", "/window", { handle });
    current = handle;
  };
  return {
    name: "webkit",
    fresh: async () => {
      const [first, ...others] = await call("GET", "/window/handles");
      for (const handle of others) {
        await to(handle);
        await call("DELETE", "/window");
      }
      await to(first);
      for (const origin of origins) {
        await call("POST", "/url", { url: `${origin}/blank.html` });
        await call("DELETE", "/cookie");
        await call("POST", "/execute/sync", { script: "localStorage.clear(); sessionStorage.clear();", args: [] });
      }
    },
    tab: async () => {
      const { handle } = await call("POST", "/window/new", { type: "window" });
      const within = (run) => inTurn(async () => (await to(handle), run()));
      return new Tab(raw(call, within));
    },
    close: async () => {
      await call("DELETE", "");
      for (const child of [driver, display]) child.kill(), await once(child, "exit");
    },
  };
}

function raw(call, within) {
  const element = async (source) => (await call("POST", "/execute/sync", { script: `return ${source}`, args: [] }))[ELEMENT];
  const command = (...what) => within(() => call(...what));
  return {
    evaluate: (source) => command("POST", "/execute/async", { script: `(${source}).then(arguments[arguments.length - 1])`, args: [] }),
    click: (source) => within(async () => call("POST", `/element/${await element(source)}/click`, {})),
    type: (source, text) => within(async () => call("POST", `/element/${await element(source)}/value`, { text })),
    goto: (url) => command("POST", "/url", { url }),
    back: () => command("POST", "/back", {}),
    forward: () => command("POST", "/forward", {}),
    reload: () => command("POST", "/refresh", {}),
    show: () => within(() => {}),
    cookies: () => command("GET", "/cookie"),
  };
}

/** @param {string} base */
async function ask(base, method, path, body) {
  const answer = await fetch(base + path, { method, body: body && JSON.stringify(body) });
  const { value } = await answer.json();
  if (answer.ok) return value;
  const { error, message } = value;
  throw new (error === "no such frame" || /unload/.test(message) ? Gone : Error)(`${method} ${path}: ${error}: ${message}`);
}

/** Wait until the driver listens: it does not say when. */
async function listening(base, driver) {
  for (;;) {
    if (driver.exitCode !== null) throw new Error("WebKitWebDriver ended");
    if (await fetch(`${base}/status`).then((answer) => answer.ok, () => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
