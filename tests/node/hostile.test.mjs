// A page of another origin against a laptop that runs `make dev`. tests/e2e/test_laptop.py starts what this needs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch } from "./browser.mjs";

const { API, AWS, PAGE, SIGNED } = process.env;
const DAY = JSON.stringify({ advance_seconds: 86_400 });

let browser;
let page;

before(async () => {
  browser = await launch();
  page = await browser.newPage();
  await page.goto(`${PAGE}/hostile.html`);
});
after(() => browser.close());

/** Let the page ask. Returns what it could read: a status and a text, or "nothing". */
function ask(url, options) {
  return page.evaluate(
    async ([url, options]) => {
      try {
        const answer = await fetch(url, options);
        return answer.type === "opaque" ? "nothing" : `${answer.status} ${await answer.text()}`;
      } catch {
        return "nothing";
      }
    },
    [url, options],
  );
}

test("it reads nothing by fetch, whatever it sends", async () => {
  const asked = [
    [`${API}/_dev/stack`, {}],
    [`${API}/_dev/outbox`, { credentials: "include" }],
    [`${API}/_dev/clock`, { method: "POST", body: DAY }],
    [`${API}/auth/me`, {}],
    [AWS, { method: "POST", headers: JSON.parse(SIGNED), body: "{}" }],
    [AWS, { method: "POST", body: "Action=ListTables" }],
    [`${AWS}/moto-api/data.json`, {}],
  ];
  for (const [url, options] of asked) {
    assert.equal(await ask(url, options), "nothing", url);
    assert.equal(await ask(url, { ...options, headers: {}, mode: "no-cors" }), "nothing", url);
  }
});

test("it loads nothing by images, scripts, sockets or event streams, and sends into the void", async () => {
  const loaded = await page.evaluate(
    async ([targets, day]) => {
      const opened = (thing, name, event = "onopen") =>
        new Promise((resolve) => {
          thing[event] = () => resolve(name);
          thing.onerror = () => (thing.close?.(), resolve(null));
        });
      const attempts = [];
      for (const target of targets) {
        for (const path of ["/_dev/stack", "/moto-api/data.json", "/"]) {
          const script = document.createElement("script");
          attempts.push(opened(new Image(), "image", "onload"), opened(script, "script", "onload"));
          script.src = target + path;
          document.body.append(script, Object.assign(new Image(), { src: target + path }));
        }
        for (const path of ["/_dev/clock", "/_dev/rotate_keys", "/moto-api/reset", "/"]) {
          navigator.sendBeacon(target + path, day);
          await fetch(target + path, { method: "POST", mode: "no-cors", body: day }).catch(() => null);
        }
        attempts.push(opened(new WebSocket(target.replace("http", "ws")), "socket"));
        attempts.push(opened(new EventSource(`${target}/_dev/stack`), "events"));
      }
      const waited = new Promise((resolve) => setTimeout(() => resolve(null), 2000));
      return (await Promise.all(attempts.map((attempt) => Promise.race([attempt, waited])))).filter(Boolean);
    },
    [[API, AWS], DAY],
  );

  assert.deepEqual(loaded, []);
});

for (const [name, target] of [["the local API", `${API}/_dev/clock`], ["the embedded AWS", `${AWS}/moto-api/reset`]]) {
  test(`its forms are refused by ${name}`, async () => {
    const page = await browser.newPage();
    await page.goto(`${PAGE}/hostile.html`);
    const answered = page.waitForResponse((answer) => answer.url() === target);

    await page.evaluate(
      ([action, day]) => {
        const form = Object.assign(document.createElement("form"), { action, method: "post", enctype: "text/plain" });
        form.append(Object.assign(document.createElement("input"), { name: day.slice(0, -1), value: "}" }));
        document.body.append(form);
        form.submit();
      },
      [target, DAY],
    );

    assert.equal((await answered).status(), 403);
  });
}
