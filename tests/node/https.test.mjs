// https on a laptop, by the command that is printed. tests/e2e/test_https.py starts what this needs.
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { launch, logIn } from "./browser.mjs";

const { API } = process.env;
const browser = await launch();
after(() => browser.close());

test("a browser that was told to trust the authority logs in, and stays so after a reload", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(API);
  await logIn(page);

  await page.reload();

  await page.getByRole("heading", { name: "Your account" }).waitFor();
  const cookies = new Map((await context.cookies()).map((cookie) => [cookie.name, cookie]));
  const { secure, sameSite, httpOnly, domain } = cookies.get("__Host-refresh_token");
  assert.deepEqual({ secure, sameSite, httpOnly, domain }, { secure: true, sameSite: "Strict", httpOnly: true, domain: "localhost" });
  assert.equal(await page.evaluate(() => isSecureContext), true);
});
