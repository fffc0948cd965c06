// @ts-check
/**
 * What the client throws:
 *
 *   SallyportError   a mistake of the program, or one of these
 *     LoggedOut      the user has to log in
 *     Problem        Sallyport refused
 *     Unreachable    no answer came in time, or something else than Sallyport answered
 *
 * What aborts by a `signal` of the caller throws that signal's own reason, as fetch does.
 *
 * Each names itself by a word that no minifier changes, and says the essential in its message: a structured clone keeps
 * hardly more. The rest is in members of its own, which error trackers collect, and in `toJSON`.
 *
 * @typedef {{ field: string, code: string, detail: string }} FieldError  `detail` is for people.
 * @typedef {"nobody" | "ended" | "logged_out" | "other_user"} Reason
 */

export class SallyportError extends Error {
  /** @param {string} message @param {{ name?: string, code?: string, cause?: unknown }} [told] */
  constructor(message, { name = "SallyportError", code = "misuse", cause } = {}) {
    super(message);
    this.name = name;
    /** The word to switch on. @type {string} */
    this.code = code;
    if (cause !== undefined) this.cause = cause; // Safari 14 takes none in Error's constructor
  }

  /** Return everything that can be written down. @returns {Record<string, unknown>} */
  toJSON() {
    const { message, cause } = this;
    return { .../** @type {object} */ (this), message, ...(cause !== undefined && { cause: `${cause}` }) };
  }
}

/** The user has to log in: nobody is logged in, or what this page knows belongs to a session that is over. */
export class LoggedOut extends SallyportError {
  /** @param {Reason} [reason] @param {unknown} [cause] */
  constructor(reason = "nobody", cause) {
    super(`logged out: ${reason}`, { name: "LoggedOut", code: "logged_out", cause });
    this.reason = reason;
  }
}

/** Sallyport refused something; who is logged in stays so. `code` is the word to switch on; `errors` says which fields. */
export class Problem extends SallyportError {
  /** @param {number} status @param {Record<string, any>} problem the answer's members @param {number} [retryAfter] seconds */
  constructor(status, problem, retryAfter) {
    const code = `${problem.code ?? problem.message ?? "unknown"}`;
    super(`${status} ${code}${problem.request_id ? ` (request ${problem.request_id})` : ""}`, { name: "Problem", code });
    this.status = status;
    this.title = /** @type {string | undefined} */ (problem.title);
    this.detail = /** @type {string | undefined} */ (problem.detail);
    this.errors = /** @type {FieldError[]} */ (problem.errors ?? []);
    this.retryAfter = /** @type {number | undefined} */ (problem.retry_after ?? retryAfter);
    this.requestId = /** @type {string | undefined} */ (problem.request_id);
    this.problem = problem;
  }
}

/** No answer came in time, or what answered is not Sallyport: a proxy, a hotel's login page. Who is logged in stays so. */
export class Unreachable extends SallyportError {
  /** @param {string} message @param {{ cause?: unknown, status?: number, retryAfter?: number }} [told] */
  constructor(message, { cause, status, retryAfter } = {}) {
    super(message, { name: "Unreachable", code: "unreachable", cause });
    this.status = status;
    this.retryAfter = retryAfter;
  }
}
