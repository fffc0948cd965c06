// @ts-check
/** The account: who it is, and the devices. */
import { byId, say } from "./dom.js";
import { showDevices } from "./devices.js";
import { showToken } from "./drawer.js"; // leave this out of a page of yours, and `showToken` below
import { show } from "./screens.js";
import { devices, me } from "./session.js";

/** Read everything anew. @returns {Promise<string>} the address of whoever is logged in */
export async function read() {
  const [{ email, created_at }, all] = await Promise.all([me(), devices()]);
  await showToken();
  say("email", email);
  say("initial", [...email][0].toUpperCase());
  say("member", `Since ${new Date(created_at * 1000).toLocaleDateString(undefined, { dateStyle: "long" })}`);
  showDevices(all);
  return email;
}

export function openAccount() {
  show("account");
}
