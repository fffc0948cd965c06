// @ts-check
/** What controls do, and how a refusal is told: at the field that it is about, or else above everything. */
import { Away, url } from "./api.js";
import { byId, element } from "./dom.js";
import { LoggedOut, Problem, Unreachable } from "./sallyport/index.js";
import { notify, reload } from "./screens.js";

const CODE = "This code is wrong or too old, or was tried too often. Check it, or ask for another mail.";
const EMAIL = "This does not look like an e-mail address. Check how it is spelt.";
const LINK = "This link does not work any more: it was used, is too old, or was made for another account.";

/** Something is wrong with a field, which the page knows by itself. */
export class WrongField extends Error {
  /** @param {string} field @param {string} words */
  constructor(field, words) {
    super(words);
    this.field = field;
  }
}

/** Do what a control stands for, one at a time. @param {HTMLElement} control @param {string} event @param {() => Promise<void>} run */
export function on(control, event, run) {
  control.addEventListener(event, async (happened) => {
    happened.preventDefault();
    if (control.ariaBusy === "true") return;
    control.ariaBusy = "true";
    notify("");
    await run().catch(failed).finally(() => (control.ariaBusy = "false"));
  });
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
  on(form, "submit", async () => {
    conceal(form);
    tell(form, {});
    try {
      await run(Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, `${value}`])));
    } catch (error) {
      const wrong = wrongFields(form, error);
      if (Object.keys(wrong).length === 0) throw error;
      return tell(form, wrong);
    }
    form.reset();
  });
}

/** Show an empty form. @param {string} id @param {string} [username] whose passwords a password manager keeps */
export function emptied(id, username = "") {
  const form = /** @type {HTMLFormElement} */ (byId(id));
  form.reset();
  conceal(form);
  tell(form, {});
  const known = /** @type {HTMLInputElement | null} */ (form.querySelector("input[autocomplete=username][readonly]"));
  if (known) known.value = username;
}

/** @param {unknown} error */
export function failed(error) {
  const over = "You are logged out: this session was ended elsewhere, or is over.";
  if (error instanceof LoggedOut) return reload({ notice: over });
  notify(inWords(error));
}

/** Say what people can do about it. What is no answer of Sallyport's is a fault of this page. @param {unknown} error */
export function inWords(error) {
  if (error instanceof Away || error instanceof Unreachable) return `Nobody answers at ${url}. Is it running, with ${location.origin} in its ALLOWED_ORIGINS?`;
  if (error instanceof DOMException) return "This browser keeps nothing for this page. Is it in a frame, or are cookies off?";
  if (!(error instanceof Problem)) throw error;
  if (error.status === 400 && error.code === "invalid_token") return LINK;
  if (error.code === "invalid_credentials") return "This e-mail address and this password do not belong together.";
  if (error.code === "registration_closed") return "Nobody can open an account here at present.";
  if (error.status === 429) return `Too many attempts. Try again in ${duration(error.retryAfter)}.`;
  if (error.status >= 500) return "Sallyport cannot answer just now. Try again in a moment.";
  return `Sallyport refused: ${error.message}.`;
}

/** Say what is wrong with which field. @param {HTMLFormElement} form @param {unknown} error @returns {Record<string, string>} */
function wrongFields(form, error) {
  if (error instanceof WrongField) return { [error.field]: error.message };
  if (!(error instanceof Problem)) return {};
  const known = /** @type {HTMLInputElement | null} */ (form.querySelector("[autocomplete=current-password]"));
  if (error.status === 403 && error.code === "invalid_credentials" && known) return { [known.name]: "This is not your password." };
  const code = /** @type {HTMLInputElement | null} */ (form.querySelector("[name=code]:enabled"));
  if (error.status === 400 && error.code === "invalid_token" && code) return { code: CODE };
  const told = error.errors.filter(({ field }) => fields(form).some(({ name }) => name === field));
  return Object.fromEntries(told.map(({ field, code, detail }) => [field, code === "invalid_email" ? EMAIL : detail]));
}

/** Write what is wrong beside the fields, and go to the first of them. @param {HTMLFormElement} form @param {Record<string, string>} wrong */
function tell(form, wrong) {
  for (const field of fields(form)) {
    byId(`${field.id}-error`).textContent = wrong[field.name] ?? "";
    field.ariaInvalid = field.name in wrong ? "true" : null;
  }
  fields(form).find(({ name }) => name in wrong)?.select();
}

/** The fields that people fill in. @param {HTMLFormElement} form */
function fields(form) {
  return /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("input:not([readonly])")]);
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

/** @param {number | undefined} seconds */
function duration(seconds) {
  if (seconds === undefined) return "a moment";
  if (seconds < 100) return seconds === 1 ? "a second" : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
