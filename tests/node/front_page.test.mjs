// The local server's page at `/` in a real browser. tests/e2e/test_front_page.py starts what this needs.
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { launch } from "./browser.mjs";

const { API } = process.env;
const browser = await launch();
after(() => browser.close());

/** Open the page. What the browser complains of, and every address that it asks, are noted. */
async function open(options) {
  const page = await (await browser.newContext(options)).newPage();
  const complaints = [];
  const asked = [];
  page.on("console", (said) => said.type() === "error" && complaints.push(said.text()));
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(`${API}/`);
  return { page, complaints, asked };
}

const colours = (page) =>
  page.evaluate(() => {
    const { backgroundColor, color } = getComputedStyle(document.body);
    return [backgroundColor, color];
  });

test("it loads nothing else, and its policy lets its own style sheet pass", async () => {
  const { page, complaints, asked } = await open();

  assert.deepEqual(complaints, []);
  assert.deepEqual(asked.filter((url) => !url.startsWith("data:")), [`${API}/`]);
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).margin), "0px");
});

for (const width of [320, 1280]) {
  test(`nothing is wider than a window of ${width} px`, async () => {
    const { page } = await open({ viewport: { width, height: 640 } });

    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
  });
}

test("it is light or dark as the user prefers", async () => {
  const [light, dark] = await Promise.all(
    ["light", "dark"].map(async (colorScheme) => colours((await open({ colorScheme })).page)),
  );

  assert.deepEqual(light, ["rgb(255, 255, 255)", "rgb(27, 33, 41)"]);
  assert.deepEqual(dark, ["rgb(18, 23, 29)", "rgb(230, 234, 239)"]);
});

test("each of its links leads somewhere", async () => {
  const { page } = await open();
  const links = await page.getByRole("link").evaluateAll((all) => all.map((link) => link.href));

  assert.ok(links.length >= 4);
  for (const link of links) assert.equal((await page.goto(link)).status(), 200, link);
});
