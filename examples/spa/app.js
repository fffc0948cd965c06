// @ts-check
/**
 * The example page. All that it knows of tokens is in sallyport/; here is which screen comes when.
 *
 * Whenever somebody else may be logged in, or nobody, the page reloads: nothing of the last user is left in memory.
 */
import { linkToken } from "./links.js"; // first: a link's token leaves the address before anything else happens

import { openAccount, read } from "./account.js";
import { sallyport } from "./api.js";
import { byId, input } from "./dom.js";
import { emptied, failed, inWords, on, onSubmit } from "./forms.js";
import { openForgot, openRedeem, openSignUp } from "./mail.js";
import { openChangeEmail, openChangePassword, openConfirm, openDelete } from "./own.js";
import { LoggedOut } from "./sallyport/index.js";
import { go, isOwn, notify, reload, show, shown, tabs } from "./screens.js";

/** @typedef {import("./screens.js").State} State */

/** Screens for anybody. They ask Sallyport nothing before somebody acts. @type {Record<string, (state: State) => void>} */
const OPEN = { "sign-up": openSignUp, forgot: openForgot, redeem: openRedeem };

/** Screens of whoever is logged in. @type {Record<string, (state: State, own: string) => void>} */
const OWN = {
  "change-password": openChangePassword,
  "change-email": openChangeEmail,
  confirm: openConfirm,
  delete: openDelete,
};

let routes = 0;
/** The address of whoever is logged in, "" before that is known. The page reloads before it is somebody else. */
let own = "";

onSubmit("login-form", async ({ email, password }) => {
  try {
    await sallyport.login(email, password);
  } catch (error) {
    input("login-password").select();
    throw error;
  }
  tabs.postMessage("logged in");
  await route();
});
on(byId("demo"), "click", async () => {
  input("login-email").value = "demo@example.com";
  input("login-password").value = "correct horse battery staple";
  byId("log-in").focus();
});
on(byId("log-out"), "click", () => logOut({ everywhere: false }));
on(byId("log-out-everywhere"), "click", () => logOut({ everywhere: true }));
on(byId("try-again"), "click", route);
for (const control of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-go]"))) {
  on(control, "click", async () => go({ screen: control.dataset.go, email: email() }));
}
tabs.onmessage = ({ data }) => {
  if (isOwn(shown)) reload({ notice: data === "logged out" ? "You logged out in another tab." : "" });
  else if (shown === "login") route();
};
addEventListener("popstate", route);
route();

/**
 * Show the screen that the history names. After a reload the cookie is all that is left of a login, and it is enough.
 *
 * @returns {Promise<void>}
 */
async function route() {
  const mine = ++routes;
  const { notice = "", isGood, ...state } = /** @type {State} */ (history.state ?? {});
  history.replaceState(state, "");
  notify(notice, isGood);
  if (state.byLink && !linkToken) return lost();
  const { screen = "" } = state;
  if (screen in OPEN) return OPEN[screen](state);
  if (screen in OWN && own) return OWN[screen](state, own);
  try {
    if (!own && !(await sallyport.resume())) return mine === routes ? openLogin(state) : undefined;
    own = await read();
    if (mine === routes) (OWN[screen] ?? openAccount)(state, own);
  } catch (error) {
    if (mine !== routes) return;
    if (error instanceof LoggedOut) return own ? failed(error) : openLogin(state);
    show("away");
    notify(inWords(error));
  }
}

/** The page keeps no link over a reload. */
function lost() {
  history.replaceState({ notice: "This page has forgotten the link. Open it from the mail once more." }, "");
  return route();
}

/** @param {State} state */
function openLogin({ email = "", byLink }) {
  emptied("login-form");
  if (byLink) notify("Log in with your present address first. Then you can confirm the new one.", true);
  input("login-email").value = email;
  show("login", input(email ? "login-password" : "login-email"));
}

/** @param {{ everywhere: boolean }} how */
async function logOut(how) {
  const { ended } = await sallyport.logout(how);
  tabs.postMessage("logged out");
  const done = how.everywhere ? "You are logged out, here and everywhere else." : "You are logged out.";
  const doubtful = "You are logged out on this device. Sallyport could not confirm it, so other devices may still be logged in.";
  reload({ notice: ended ? done : doubtful, isGood: ended });
}

/** The address that was typed on this screen goes along to the next. */
function email() {
  const typed = /** @type {HTMLInputElement | null} */ (document.querySelector(".door:not([hidden]) [name=email]"));
  return isOwn(shown) ? "" : (typed?.value ?? history.state?.email ?? "");
}
