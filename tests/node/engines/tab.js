// A page with nothing but the client, for tests to call. `?mode=body` keeps the refresh token in localStorage.
import { Sallyport } from "@sallyport/client";
import { localStore } from "@sallyport/client/stores/browser";

const mode = new URLSearchParams(location.search).get("mode") ?? "cookie";
let ahead = 0;
const begun = [];

const sallyport = new Sallyport({
  url: location.origin,
  mode,
  ...(mode === "body" && { store: localStore() }),
  now: () => Date.now() + ahead,
});
const told = [];
for (const event of ["login", "logout", "ended", "refresh", "change"]) {
  sallyport.on(event, (what) => {
    told.push({ event, ...what });
    document.body.dataset.told = `${told.length}`; // tests wait for changes of the document
  });
}

/** Return what came of it, in a form that leaves the browser. */
const outcome = (promise) => promise.then((value) => ({ value }), (error) => ({ error: { name: error.name, code: error.code, reason: error.reason, status: error.status, message: error.message } }));

Object.assign(window, {
  sallyport,
  told,
  outcome,
  /** Move this tab's clock. */
  advance: (ms) => void (ahead += ms),
  /** Begin something, and do not wait for it. */
  begin: (promise) => begun.push(outcome(promise).then((came) => ((document.body.dataset.ended = `${Math.random()}`), came))) - 1,
  ended: (number) => begun[number],
});
addEventListener("pageshow", ({ persisted }) => (document.body.dataset.persisted = `${persisted}`));
document.body.dataset.ready = "";
