// @ts-check
/** What needs a mail: signing up, and a new password for one that was forgotten. Either goes on by its code or its link. */
import { byId, input, say } from "./dom.js";
import { emptied, onClick, onSubmit, WrongField } from "./forms.js";
import { linkToken } from "./links.js";
import { go, reload, replace, show } from "./screens.js";
import { forgotPassword, openAccount, register, resetPassword } from "./session.js";

/** @typedef {import("./screens.js").State} State */
/** @typedef {import("./session.js").Proof} Proof */

/** @type {Record<string, { heading: string, byLink: string, button: string, done: string, from: string }>} */
const KINDS = {
  verify: {
    heading: "Create your account",
    byLink: "Choose a password, and your account is ready.",
    button: "Create account",
    done: "Your account is ready. Log in with it.",
    from: "sign-up",
  },
  reset: {
    heading: "Choose a new password",
    byLink: "All your devices are logged out when you save it.",
    button: "Save password",
    done: "Your password is saved, and all your devices are logged out. Log in with the new one.",
    from: "forgot",
  },
};

onSubmit("sign-up-form", async ({ email }) => go(await ask("verify", email)));
onSubmit("forgot-form", async ({ email }) => go(await ask("reset", email)));
onSubmit("redeem-form", async ({ code, password }) => {
  const { kind = "", email } = state();
  await redeem(kind, proof(code), password);
  reload({ email, notice: KINDS[kind].done, isGood: true });
});
onClick(byId("redeem-again"), async () => {
  const { kind = "", email = "", byLink } = state();
  if (byLink) return go({ screen: KINDS[kind].from });
  replace({ ...(await ask(kind, email)), notice: "Another e-mail is on its way. Enter the code of that one.", isGood: true });
});

/** @param {State} state */
export function openSignUp({ email = "" }) {
  openAsking("sign-up", email);
}

/** @param {State} state */
export function openForgot({ email = "" }) {
  openAsking("forgot", email);
}

/** @param {State} state */
export function openRedeem({ kind = "", email = "", minutes, byLink }) {
  const words = KINDS[kind];
  emptied("redeem-form", email);
  say("redeem-heading", words.heading);
  say("redeem-button", words.button);
  say("redeem-again", byLink ? "Ask for another one" : "Send another");
  say("redeem-sent-to", email);
  say("redeem-minutes", `${minutes} minutes`);
  say("redeem-by-link", byLink ? words.byLink : "");
  byId("redeem-sent").hidden = byId("redeem-code-field").hidden = input("redeem-code").disabled = Boolean(byLink);
  say("redeem-no-mail", byLink ? "Is the link too old?" : "No e-mail? Look among the spam.");
  show("redeem", input(byLink ? "redeem-password" : "redeem-code"));
}

/** @param {string} typed */
export function code(typed) {
  const digits = typed.replace(/[\s-]/g, "");
  if (!/^\d{8}$/.test(digits)) throw new WrongField("code", "The code has eight digits.");
  return digits;
}

/** @param {string} id @param {string} email */
function openAsking(id, email) {
  emptied(`${id}-form`);
  input(`${id}-email`).value = email;
  show(id, input(`${id}-email`));
}

/** @param {string} kind @param {string} email @returns {Promise<State>} */
async function ask(kind, email) {
  const mailed = await (kind === "verify" ? register(email) : forgotPassword(email));
  return { screen: "redeem", kind, email, ...mailed };
}

/** @param {string} kind @param {Proof} proof @param {string} password */
function redeem(kind, proof, password) {
  return kind === "verify" ? openAccount(proof, password) : resetPassword(proof, password);
}

/** The proof that this screen has. @param {string} typed @returns {Proof} */
export function proof(typed) {
  const { byLink, request = "" } = state();
  return byLink ? { token: linkToken ?? "" } : { request, code: code(typed) };
}

/** @returns {State} */
function state() {
  return history.state ?? {};
}
