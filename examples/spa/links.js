// @ts-check
/**
 * The links of mails. Opening one does nothing but show a form, because programs that look for bad links open them, too.
 *
 * A link's token is a password for half an hour. It leaves the address before anything else happens, and is in this module
 * alone: after a reload the link has to be opened again.
 */

/** @type {Record<string, { screen: string, kind: string }>} */
const LINKS = {
  "/verify-email": { screen: "redeem", kind: "verify" },
  "/reset-password": { screen: "redeem", kind: "reset" },
  "/confirm-email": { screen: "confirm", kind: "confirm" },
};

export const linkToken = take();

function take() {
  const link = LINKS[location.pathname.replace(/\/(index\.html)?$/, "")];
  if (!link) return null;
  const token = new URLSearchParams(location.search).get("token");
  history.replaceState({ ...link, byLink: true }, "", "/");
  return token;
}
