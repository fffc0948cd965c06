export type Reason = import("./errors.js").Reason;
export type Store = import("./memory.js").Store;
export type State = {
    /**
     * `ended` stays until `login()` or `resume()`.
     */
    status: "unknown" | "in" | "out" | "ended";
    /**
     * Their id, `sub`.
     */
    user: string | null;
    session: string | null;
    /**
     * Why it ended.
     */
    reason: Exclude<Reason, "nobody"> | null;
};
export type Held = {
    token: string;
    came: number;
    life: number;
    user: string;
    session: string;
    /**
     * Whether the browser took the cookie: else there will be no other token.
     */
    kept: boolean;
};
export type Events = {
    login: {
        here: boolean;
        user: string;
    };
    logout: {
        here: boolean;
        user: string | null;
    };
    ended: {
        reason: Exclude<Reason, "nobody">;
        user: string | null;
    };
    refresh: {
        here: boolean;
        expiresAt: number;
    };
    change: State;
};
export declare class Session {
    #private;
    transport: import("./transport.js").Transport;
    store: import("./memory.js").Store;
    device: import("./memory.js").Store;
    hint: import("./hint.js").Hint;
    now: () => number;
    tabs: import("./tabs.js").Tabs;
    /** @type {State} */
    state: State;
    /** @type {Held | null} */
    held: Held | null;
    /** A token that did not help: refused although it had just come because of a refusal. @type {string | null} */
    vain: string | null;
    /**
     * @param {import("./transport.js").Transport} transport @param {Store} store @param {Store} device
     * @param {import("./hint.js").Hint} hint @param {() => number} now
     * @param {(hear: (message: any) => void) => import("./tabs.js").Tabs} tabs
     */
    constructor(transport: import("./transport.js").Transport, store: Store, device: Store, hint: import("./hint.js").Hint, now: () => number, tabs: (hear: (message: any) => void) => import("./tabs.js").Tabs);
    /** @template {keyof Events} K @param {K} event @param {(told: Events[K]) => void} call @returns {() => void} */
    on<K extends keyof Events>(event: K, call: (told: Events[K]) => void): () => void;
    /** Return an access token. Raises LoggedOut, Unreachable, Problem. @param {{ fresh?: boolean, signal?: AbortSignal }} [how] */
    token({ fresh, signal }?: {
        fresh?: boolean;
        signal?: AbortSignal;
    }): Promise<string>;
    /**
     * Return a token to repeat a call with that was refused with `token`, or null if a new one would not help.
     *
     * @param {string} token @param {AbortSignal} [signal]
     */
    instead(token: string, signal?: AbortSignal): Promise<string | null>;
    /** Return the access token if it is alive. */
    alive(): string | null;
    /** Tell whether it is time for another one, for whoever has the turn. */
    isDue(): boolean;
    /** The browser did not keep the cookie, unless another tab has logged in since. @param {string} token */
    notKept(token: string): boolean;
    /**
     * Take whatever session there is: the app says so. Returns whether somebody is logged in.
     *
     * @param {{ ask?: boolean, signal?: AbortSignal }} how `ask`: also if nothing says that somebody was logged in
     */
    resume({ ask, signal }: {
        ask?: boolean;
        signal?: AbortSignal;
    }): Promise<boolean>;
    /** Ask again if that was some time ago, or in any case. Returns whether somebody is logged in. @param {AbortSignal} [signal]
     * @param {boolean} [isAsked] */
    revalidate(signal?: AbortSignal, isAsked?: boolean): Promise<boolean>;
    /** The network is back. */
    online(): Promise<void>;
    /** Run what replaces the refresh token: no refresh meanwhile, here or in another tab. @template T
     * @param {AbortSignal | undefined} signal @param {(signal: AbortSignal) => Promise<T>} run */
    inTurn<T>(signal: AbortSignal | undefined, run: (signal: AbortSignal) => Promise<T>): Promise<T>;
    /** The same, in place of a refresh that is under way. @template T
     * @param {AbortSignal | undefined} signal @param {(signal: AbortSignal) => Promise<T>} run */
    first<T>(signal: AbortSignal | undefined, run: (signal: AbortSignal) => Promise<T>): Promise<T>;
    /** Only for whoever has the turn. An answer counts only if what was sent is still current. @param {AbortSignal} signal */
    refresh(signal: AbortSignal): Promise<string>;
    /**
     * Keep an answer's tokens, and tell the other tabs. Returns the access token. Raises LoggedOut if a refresh brought those of
     * somebody else: they are kept for the tabs that they belong to.
     *
     * @param {Record<string, any>} body @param {"login" | "tokens"} [type]
     */
    keep(body: Record<string, any>, type?: "login" | "tokens"): Promise<string>;
    /** @param {Record<string, any>} body */
    keepDevice({ device_token }: Record<string, any>): Promise<void>;
    /** Forget everything, and tell the other tabs. @param {"out" | "owed"} known */
    logOut(known: "out" | "owed"): Promise<void>;
}
