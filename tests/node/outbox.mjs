// The mails that a running `make dev` has sent.
import { setTimeout } from "node:timers/promises";

/** Wait until there is a mail of this text. Returns the newest, with its link, the link's token and the code, if it has them. */
export async function mail(api, { to, has }) {
  for (;;) {
    const { messages } = await (await fetch(`${api}/_dev/outbox`)).json();
    const found = messages.findLast((message) => message.to === to && (message.subject + message.text).includes(has));
    if (found) return { ...found, ...proofs(found.text) };
    await setTimeout(50);
  }
}

/** Wait until the mail of a request has come: its number is in it. */
export const mailOf = (api, to, request) => mail(api, { to, has: request });

function proofs(text) {
  const link = text.match(/^https?:\S+\?token=(\S+)$/m);
  const code = text.match(/^\d{4} \d{4}$/m);
  return { link: link?.[0], token: link?.[1], code: code?.[0] };
}
