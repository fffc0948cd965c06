import { SallyportError } from "./errors.js";
export type Store = import("./memory.js").Store;
export type Events = import("./session.js").Events;
export type State = import("./session.js").State;
export type Answer = import("./transport.js").Answer;
export type Proof = {
    token: string;
} | {
    request: string;
    code: string;
};
export type Mailed = {
    request: string;
    expiresIn: number;
};
export type User = {
    sub: string;
    email: string;
    roles: string[];
    created_at: number;
};
export type Device = {
    sid: string;
    created_at: number;
    last_used_at: number;
    expires_at: number;
    user_agent: string;
    ip: string;
    current: boolean;
};
export type Stoppable = {
    signal?: AbortSignal;
};
export type Options = {
    /**
     * Where Sallyport is.
     */
    url: string;
    /**
     * `cookie` keeps the refresh token where no script can read it. `body` by default.
     */
    mode?: "body" | "cookie";
    /**
     * Where else `fetch` may carry the access token: `https://api.example.com`.
     */
    origins?: string[];
    /**
     * For body mode; in memory by default.
     */
    store?: Store;
    /**
     * For body mode: keeps the device token, which survives logout. With it, whoever else guesses at
     * this account's password neither delays nor stops a login from here. In memory by default.
     */
    device?: Store;
    fetch?: typeof globalThis.fetch;
    /**
     * Milliseconds.
     */
    now?: () => number;
    /**
     * Web Locks; null for none.
     */
    locks?: import("./tabs.js").Locks | null;
    /**
     * A BroadcastChannel; null for none.
     */
    channel?: import("./tabs.js").Channel | null;
    /**
     * Where a page keeps whether somebody was logged in: localStorage.
     */
    hint?: import("./hint.js").Hint;
    /**
     * What tells of focus, online and
     * pageshow: the window.
     */
    page?: Pick<EventTarget, "addEventListener" | "removeEventListener"> | null;
};
export declare class Sallyport {
    #private;
    /** @param {Options} options */
    constructor(options: Options);
    /** Who is logged in: a frozen object, and another one after each change. @returns {State} */
    get state(): State;
    /** Be told of what happens, in whichever tab. Returns how to stop. @template {keyof Events} K @param {K} event
     * @param {(told: Events[K]) => void} call @returns {() => void} */
    on<K extends keyof Events>(event: K, call: (told: Events[K]) => void): () => void;
    /** Stop listening to the page and the other tabs. */
    close(): void;
    /**
     * Log in. `kept` is false if the browser refused the cookie: a reload logs out. Raises Problem: `invalid_credentials`,
     * `too_many_attempts`. @param {string} email @param {string} password @param {Stoppable} [how]
     * @returns {Promise<{ kept: boolean }>}
     */
    login(email: string, password: string, { signal }?: Stoppable): Promise<{
        kept: boolean;
    }>;
    /**
     * Log out here, or everywhere. The user is forgotten here in any case. `ended` is false if Sallyport has not confirmed that
     * the session is over (`everywhere`: all of them), and `cause` says why.
     *
     * @param {Stoppable & { everywhere?: boolean }} [how] @returns {Promise<{ ended: boolean, cause?: SallyportError }>}
     */
    logout({ everywhere, signal }?: Stoppable & {
        everywhere?: boolean;
    }): Promise<{
        ended: boolean;
        cause?: SallyportError;
    }>;
    /** Take whatever session there is, and return whether somebody is logged in. A stranger costs no call, but with `ask`.
     * @param {Stoppable & { ask?: boolean }} [how] */
    resume(how?: Stoppable & {
        ask?: boolean;
    }): Promise<boolean>;
    /** Ask again whether somebody is logged in, if nobody did for half a minute. @param {Stoppable} [how] */
    revalidate({ signal }?: Stoppable): Promise<boolean>;
    /** Return an access token with some life left; with `fresh` a new one. Raises LoggedOut, or Problem and Unreachable if none
     * can be had just now. @param {Stoppable & { fresh?: boolean }} [how] */
    accessToken(how?: Stoppable & {
        fresh?: boolean;
    }): Promise<string>;
    /** Return a new access token. @param {Stoppable} [how] */
    refresh({ signal }?: Stoppable): Promise<string>;
    /** Like fetch, with an access token. Only Sallyport and `origins` are called. @param {RequestInfo | URL} input
     * @param {RequestInit} [init] @returns {Promise<Response>} */
    fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
    /** Read the user's own account. @param {Stoppable} [how] @returns {Promise<User>} */
    me(how?: Stoppable): Promise<User>;
    /** List where the user is logged in, the last used first. @param {Stoppable} [how] @returns {Promise<Device[]>} */
    sessions(how?: Stoppable): Promise<Device[]>;
    /** End one of the user's sessions, by its `sid`. @param {string} sid @param {Stoppable} [how] @returns {Promise<void>} */
    endSession(sid: string, how?: Stoppable): Promise<void>;
    /** Ask for a mail to somebody who wants an account. The answer is the same if they have one. Raises Problem:
     * `invalid_email`, `registration_closed`. @param {string} email @param {Stoppable} [how] */
    register(email: string, how?: Stoppable): Promise<Mailed>;
    /** Open the account, and log nobody in. Raises Problem: `invalid_token` for a proof that is wrong, used or too old;
     * `password_too_short` and its kin. @param {Proof} proof @param {string} password @param {Stoppable} [how] */
    verifyEmail(proof: Proof, password: string, how?: Stoppable): Promise<void>;
    /** Ask for a mail to somebody who forgot their password: the answer is always the same. @param {string} email
     * @param {Stoppable} [how] */
    forgotPassword(email: string, how?: Stoppable): Promise<Mailed>;
    /** Set another password, end every session, and log nobody in. Raises as verifyEmail. @param {Proof} proof
     * @param {string} password @param {Stoppable} [how] */
    resetPassword(proof: Proof, password: string, how?: Stoppable): Promise<void>;
    /**
     * Change the password. Every other session ends; this one goes on with new tokens. Raises Problem: `invalid_credentials`,
     * `password_too_short` and its kin. If no answer came, either password may be the one.
     *
     * @param {string} current @param {string} next @param {Stoppable} [how] @returns {Promise<void>}
     */
    changePassword(current: string, next: string, { signal }?: Stoppable): Promise<void>;
    /** Ask for a mail to the address to move to. The login name stays until that is confirmed. Raises Problem:
     * `invalid_credentials`, `invalid_email`. @param {string} email @param {string} password @param {Stoppable} [how] */
    changeEmail(email: string, password: string, how?: Stoppable): Promise<Mailed>;
    /** Move to the address that the proof was mailed to. Raises Problem: 400 `invalid_token`. @param {Proof} proof
     * @param {Stoppable} [how] @returns {Promise<void>} */
    confirmEmail(proof: Proof, how?: Stoppable): Promise<void>;
    /** Delete the account, and forget it here. Raises Problem: `invalid_credentials`. @param {string} password
     * @param {Stoppable} [how] @returns {Promise<void>} */
    deleteAccount(password: string, how?: Stoppable): Promise<void>;
}
