// @ts-check
/** What controls do, and where a refusal is told: at the field that it is about, or else beside the control. */
import { byId, element } from "./dom.js";
import { notify, reload } from "./screens.js";
import { LoggedOut } from "./session.js";
import { ENDED, inWords, missing, wrongFields } from "./words.js";

/** Something is wrong with a field, which the page knows by itself. */
export class WrongField extends Error {
  /** @param {string} field @param {string} words */
  constructor(field, words) {
    super(words);
    this.field = field;
  }
}

/** Do what a control stands for, one at a time. @param {HTMLElement} control @param {() => Promise<void>} run */
export function onClick(control, run) {
  const beside = errorPlace(`${control.id}-error`);
  const item = control.closest("li");
  if (item) item.append(beside);
  else (control.closest("header, .choices, .ways") ?? control).after(beside);
  control.addEventListener("click", () => busily(control, beside, run));
}

/**
 * Do what a form is for. Its passwords are gone when it is done.
 *
 * @param {string} id @param {(values: Record<string, string>) => Promise<void>} run
 */
export function onSubmit(id, run) {
  const form = /** @type {HTMLFormElement} */ (byId(id));
  for (const field of fields(form)) {
    const words = Object.assign(element("p", "", "error"), { id: `${field.id}-error` });
    (field.closest(".secret") ?? field.closest("label.check") ?? field).after(words);
    field.setAttribute("aria-describedby", `${words.id} ${field.getAttribute("aria-describedby") ?? ""}`.trim());
  }
  const beside = errorPlace(`${id}-error`);
  form.querySelector("button:not([aria-pressed])")?.before(beside);
  form.addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    busily(form, beside, async () => {
      conceal(form);
      const empty = enabled(form).filter(missing);
      tell(form, Object.fromEntries(empty.map((field) => [field.name, missing(field)])));
      if (empty.length) return;
      try {
        await run(Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, `${value}`])));
      } catch (error) {
        const wrong = error instanceof WrongField ? { [error.field]: error.message } : wrongFields(error, enabled(form));
        if (Object.keys(wrong).length === 0) throw error;
        return tell(form, wrong);
      }
      form.reset();
    });
  });
}

/** Show an empty form. @param {string} id @param {string} [username] whose passwords a password manager keeps */
export function emptied(id, username = "") {
  const form = /** @type {HTMLFormElement} */ (byId(id));
  form.reset();
  conceal(form);
  tell(form, {});
  byId(`${id}-error`).textContent = "";
  const known = /** @type {HTMLInputElement | null} */ (form.querySelector("input[autocomplete=username][readonly]"));
  if (known) known.value = username;
}

/** Tell whoever was logged in that they are not any more. @param {unknown} error Anything else is thrown again. */
export function endedElsewhere(error) {
  if (!(error instanceof LoggedOut)) throw error;
  reload({ notice: ENDED });
}

/** @param {HTMLElement} control @param {HTMLElement} beside @param {() => Promise<void>} run */
async function busily(control, beside, run) {
  if (control.ariaBusy === "true") return;
  control.ariaBusy = "true";
  notify("");
  beside.textContent = "";
  try {
    await run();
  } catch (error) {
    if (error instanceof LoggedOut) return endedElsewhere(error);
    beside.textContent = inWords(error);
    beside.scrollIntoView({ block: "nearest" });
  } finally {
    control.ariaBusy = "false";
  }
}

/** A place that says what went wrong, aloud too. @param {string} id */
function errorPlace(id) {
  return Object.assign(element("p", "", "error"), { id, role: "alert" });
}

/** Write what is wrong beside the fields, and go to the first of them. @param {HTMLFormElement} form @param {Record<string, string>} wrong */
function tell(form, wrong) {
  for (const field of fields(form)) {
    byId(`${field.id}-error`).textContent = wrong[field.name] ?? "";
    field.ariaInvalid = field.name in wrong ? "true" : null;
  }
  const first = fields(form).find(({ name }) => name in wrong);
  first?.focus();
  if (first?.type !== "checkbox") first?.select();
}

/** The fields that people fill in. @param {HTMLFormElement} form */
function fields(form) {
  return /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("input:not([readonly])")]);
}

/** @param {HTMLFormElement} form */
function enabled(form) {
  return fields(form).filter(({ disabled }) => !disabled);
}

for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".secret button"))) {
  button.addEventListener("click", () => reveal(button, button.ariaPressed !== "true"));
}

/** Hide what was shown: a password that can be read must not be what a browser remembers of the field. @param {HTMLFormElement} form */
function conceal(form) {
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll(".secret button"))) reveal(button, false);
}

/** @param {HTMLElement} button @param {boolean} isShown */
function reveal(button, isShown) {
  button.ariaPressed = `${isShown}`;
  /** @type {HTMLInputElement} */ (button.previousElementSibling).type = isShown ? "text" : "password";
}
