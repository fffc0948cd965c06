// @ts-check
/**
 * The example page: which screen comes when. All that it knows of tokens is behind session.js.
 *
 * Whenever somebody else may be logged in, or nobody, the page reloads: nothing of the last user is left in memory.
 */
import { linkToken } from "./links.js"; // first: a link's token leaves the address before anything else happens

import { openAccount, read } from "./account.js";
import { byId, input, say } from "./dom.js";
import { nobody } from "./drawer.js"; // leave this out of a page of yours, and `nobody` below
import { emptied, endedElsewhere, onClick, onSubmit } from "./forms.js";
import { openForgot, openRedeem, openSignUp } from "./mail.js";
import { openChangeEmail, openChangePassword, openConfirm, openDelete } from "./own.js";
import { go, isOwn, notify, reload, show, shown } from "./screens.js";
import { isLocal, logIn, logOut, LoggedOut, onElsewhere, resume } from "./session.js";
import { ENDED, inWords } from "./words.js";

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

const UNTIL_RELOADED = "This browser does not keep logins of this page: after a reload you log in again. Are cookies switched off?";

let routes = 0;
/** The address of whoever is logged in, "" before that is known. The page reloads before it is somebody else. */
let own = "";

onSubmit("login-form", async ({ email, password }) => {
  const { kept } = await logIn(email, password);
  await route();
  if (!kept && isOwn(shown)) notify(UNTIL_RELOADED);
});
onClick(byId("log-out"), () => leave({ everywhere: false }));
onClick(byId("try-again"), async () => {
  await resume();
  await route();
});
const everywhere = /** @type {HTMLDialogElement} */ (byId("everywhere"));
onClick(byId("log-out-everywhere"), async () => everywhere.showModal());
onClick(byId("everywhere-no"), async () => everywhere.close());
onClick(byId("everywhere-yes"), () => leave({ everywhere: true }));
for (const control of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-go]"))) {
  control.addEventListener("click", () => go({ screen: control.dataset.go, email: email() }));
}
onElsewhere((what) => {
  const notice = { "logged in": "", "logged out": "You logged out in another tab.", ended: ENDED }[what];
  if (isOwn(shown)) reload({ notice });
  else if (shown === "login" && what === "logged in") route();
});
addEventListener("popstate", () => route());
// A browser may keep a page that was left, whole, for the back button. It comes back to whoever uses the device then.
addEventListener("pagehide", ({ persisted }) => {
  if (!persisted) return;
  nobody();
  document.body.replaceChildren();
});
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload();
});
offerDemo();
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
    own = await read();
    if (mine === routes) (OWN[screen] ?? openAccount)(state, own);
  } catch (error) {
    if (mine !== routes) return;
    if (error instanceof LoggedOut) return own ? endedElsewhere(error) : openLogin(state);
    say("away-why", inWords(error));
    show("away");
  }
}

/** The page keeps no link over a reload. */
function lost() {
  history.replaceState({ notice: "This page has forgotten the link. Open it from the e-mail once more." }, "");
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
async function leave(how) {
  const { ended } = await logOut(how);
  if (!ended) return reload({ notice: "You are logged out on this device. We could not be reached, so log out again when you are back." });
  reload({ notice: how.everywhere ? "You are logged out, here and everywhere else." : "You are logged out.", isGood: true });
}

/** The address that was typed on this screen goes along to the next. */
function email() {
  const typed = /** @type {HTMLInputElement | null} */ (document.querySelector(".door:not([hidden]) [name=email]"));
  return isOwn(shown) ? "" : (typed?.value ?? history.state?.email ?? "");
}

/** On this machine there is somebody whose password everybody may know. */
function offerDemo() {
  byId("demo-line").hidden = !isLocal;
  byId("demo").addEventListener("click", () => {
    input("login-email").value = "demo@example.com";
    input("login-password").value = "correct horse battery staple";
    byId("log-in").focus();
  });
}
