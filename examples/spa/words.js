// @ts-check
/** What went wrong, in words for the people who use this page. */
import { Away, Problem } from "./session.js";

export const ENDED = "You are logged out: this device was logged out elsewhere, or too much time has passed.";

const CODE = "This code is wrong or too old, or was tried too often. Check it, or ask for another one.";
const EMAIL = "This does not look like an e-mail address. Check how it is spelt.";
const LINK = "This link does not work any more: it was used, is too old, or was made for another account.";
const NOT_YOURS = "This is not your password.";
const NO_MATCH = "This e-mail address and this password do not belong together.";

/** Say what people can do about it. What is no answer of Sallyport's is a fault of this page. @param {unknown} error */
export function inWords(error) {
  if (error instanceof Away) return "We cannot be reached just now. Check your connection, and try again.";
  if (error instanceof DOMException) return "This browser keeps nothing for this page. Are cookies switched off?";
  if (!(error instanceof Problem)) throw error;
  if (error.status === 400 && error.code === "invalid_token") return LINK;
  if (error.code === "registration_closed") return "Nobody can create an account here at present.";
  if (error.status === 429) return `Too many attempts. Try again in ${duration(error.retryAfter)}.`;
  if (error.status >= 500) return "Something is wrong on our side. Try again in a moment.";
  return "That did not work. Load the page again, and try once more.";
}

/**
 * Say what is wrong with which field, by its name. Nothing, if it is no field's fault.
 *
 * @param {unknown} error @param {HTMLInputElement[]} fields of the form @returns {Record<string, string>}
 */
export function wrongFields(error, fields) {
  if (!(error instanceof Problem)) return {};
  const known = fields.find(({ autocomplete }) => autocomplete === "current-password");
  if (known && error.code === "invalid_credentials") return { [known.name]: error.status === 403 ? NOT_YOURS : NO_MATCH };
  const code = fields.find(({ name }) => name === "code");
  if (code && error.status === 400 && error.code === "invalid_token") return { code: CODE };
  const told = error.errors.filter(({ field }) => fields.some(({ name }) => name === field));
  return Object.fromEntries(told.map(({ field, code, detail }) => [field, code === "invalid_email" ? EMAIL : detail]));
}

/** Say what a field is missing, if it is. @param {HTMLInputElement} field */
export function missing({ validity, type, name, autocomplete }) {
  if (!validity.valueMissing) return "";
  if (type === "checkbox") return "Tick this box to go on.";
  if (autocomplete === "new-password") return "Choose a password.";
  return { email: "Enter an e-mail address.", code: "Enter the code of the e-mail." }[name] ?? "Enter your password.";
}

/** @param {number | undefined} seconds */
function duration(seconds) {
  if (seconds === undefined) return "a moment";
  if (seconds < 100) return seconds === 1 ? "a second" : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
