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
export type FieldError = {
    field: string;
    code: string;
    detail: string;
};
export type Reason = "nobody" | "ended" | "logged_out" | "other_user";
export declare class SallyportError extends Error {
    /** The word to switch on. @type {string} */
    code: string;
    cause: unknown;
    /** @param {string} message @param {{ name?: string, code?: string, cause?: unknown }} [told] */
    constructor(message: string, { name, code, cause }?: {
        name?: string;
        code?: string;
        cause?: unknown;
    });
    /** Return everything that can be written down. @returns {Record<string, unknown>} */
    toJSON(): Record<string, unknown>;
}
/** The user has to log in: nobody is logged in, or what this page knows belongs to a session that is over. */
export declare class LoggedOut extends SallyportError {
    reason: Reason;
    /** @param {Reason} [reason] @param {unknown} [cause] */
    constructor(reason?: Reason, cause?: unknown);
}
/** Sallyport refused something; who is logged in stays so. `code` is the word to switch on; `errors` says which fields. */
export declare class Problem extends SallyportError {
    status: number;
    title: string | undefined;
    detail: string | undefined;
    errors: FieldError[];
    retryAfter: number | undefined;
    requestId: string | undefined;
    problem: Record<string, any>;
    /** @param {number} status @param {Record<string, any>} problem the answer's members @param {number} [retryAfter] seconds */
    constructor(status: number, problem: Record<string, any>, retryAfter?: number);
}
/** No answer came in time, or what answered is not Sallyport: a proxy, a hotel's login page. Who is logged in stays so. */
export declare class Unreachable extends SallyportError {
    status: number | undefined;
    retryAfter: number | undefined;
    /** @param {string} message @param {{ cause?: unknown, status?: number, retryAfter?: number }} [told] */
    constructor(message: string, { cause, status, retryAfter }?: {
        cause?: unknown;
        status?: number;
        retryAfter?: number;
    });
}
