// @ts-check
/** What people change of their own account, each time with their password. */
import { byId, input, say } from "./dom.js";
import { emptied, onSubmit } from "./forms.js";
import { proof } from "./mail.js";
import { go, reload, replace, show } from "./screens.js";
import { changeEmail, changePassword, confirmEmail, deleteAccount } from "./session.js";

/** @typedef {import("./screens.js").State} State */

onSubmit("change-password-form", async ({ current_password, new_password }) => {
  await changePassword(current_password, new_password);
  replace({ notice: "Your password is changed, and all your other devices are logged out.", isGood: true });
});
onSubmit("change-email-form", async ({ email, password }) => {
  go({ screen: "confirm", kind: "confirm", email, ...(await changeEmail(email, password)) });
});
onSubmit("confirm-form", async ({ code }) => {
  await confirmEmail(proof(code));
  replace({ notice: "Your address has moved. Log in with the new one from now on.", isGood: true });
});
onSubmit("delete-form", async ({ password }) => {
  await deleteAccount(password);
  reload({ notice: "Your account is deleted.", isGood: true });
});

/** @param {State} _ @param {string} own the address of whoever is logged in */
export function openChangePassword(_, own) {
  emptied("change-password-form", own);
  show("change-password", input("change-password-current"));
}

/** @param {State} _ @param {string} own */
export function openChangeEmail(_, own) {
  emptied("change-email-form", own);
  say("change-email-own", own);
  show("change-email", input("change-email-email"));
}

/** @param {State} state @param {string} own */
export function openConfirm({ email = "", minutes, byLink }, own) {
  emptied("confirm-form");
  say("confirm-own", own);
  say("confirm-sent-to", email);
  say("confirm-minutes", `${minutes} minutes`);
  byId("confirm-by-link").hidden = !byLink;
  byId("confirm-sent").hidden = byId("confirm-code-field").hidden = input("confirm-code").disabled = Boolean(byLink);
  show("confirm", byLink ? undefined : input("confirm-code"));
}

/** @param {State} _ @param {string} own */
export function openDelete(_, own) {
  emptied("delete-form", own);
  say("delete-own", own);
  show("delete");
}
