// Pictures of all mails, one sheet for each width, light and dark:
//   .venv/bin/python -m dev.mail_samples .mails && node tests/node/mail_sheets.mjs .mails docs/images
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { launch } from "./browser.mjs";

const COLUMNS = { 320: 6, 600: 4 };
const LANGUAGES = { en: "English", de: "Deutsch" };
const SHEET = { light: "color: #1d211f; background: #fff", dark: "color: #ecefed; background: #000" };

const [samples, into] = process.argv.slice(2);
const browser = await launch();

/** Write a page of all mails of the languages, each in a frame as wide as a mail program's window. */
async function sheet(width, colorScheme) {
  const parts = await Promise.all(Object.entries(LANGUAGES).map(([language, name]) => part(language, name, width)));
  return `<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="${colorScheme}"><style>
    body { margin: 0; padding: 8px 24px 24px; width: max-content; font: 15px system-ui, sans-serif; ${SHEET[colorScheme]} }
    h1 { font-size: 20px; margin: 16px 0 8px }
    section { display: grid; grid-template-columns: repeat(${COLUMNS[width]}, ${width}px); gap: 20px; align-items: start }
    figure { margin: 0 } figcaption { padding: 0 0 6px; overflow-wrap: anywhere }
    iframe { display: block; border: 0; width: ${width}px }
  </style>${parts.join("")}`;
}

async function part(language, name, width) {
  const files = (await readdir(join(samples, language))).filter((file) => file.endsWith(".html")).sort();
  const figures = files.map(async (file) => {
    const html = await readFile(join(samples, language, file), "utf8");
    const kind = file.slice(3, -5);
    return `<figure><figcaption>${kind}</figcaption><iframe srcdoc="${escaped(html)}"></iframe></figure>`;
  });
  return `<h1>${name}, ${width} px</h1><section lang="${language}">${(await Promise.all(figures)).join("")}</section>`;
}

function escaped(html) {
  return html.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
}

for (const width of Object.keys(COLUMNS)) {
  for (const colorScheme of ["light", "dark"]) {
    const page = await browser.newPage({ colorScheme, viewport: { width: 2600, height: 800 } });
    await page.setContent(await sheet(width, colorScheme));
    await page.evaluate(() => {
      for (const frame of document.querySelectorAll("iframe")) {
        frame.style.height = `${frame.contentDocument.documentElement.scrollHeight}px`;
      }
    });
    await page.locator("body").screenshot({ path: join(into, `mails-${width}-${colorScheme}.png`) });
    await page.close();
  }
}
await browser.close();
