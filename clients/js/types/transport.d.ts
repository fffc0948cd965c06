/** Milliseconds that anybody waits for the whole of what was asked. */
export declare const PATIENCE = 10000;
export type Answer = {
    status: number;
    /**
     * Empty if there was none.
     */
    body: Record<string, any>;
    /**
     * The token was refused before anybody acted on the call.
     */
    isRefusal: boolean;
    /**
     * Seconds.
     */
    retryAfter?: number;
};
/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Record<string, any>} body  Empty if there was none.
 * @property {boolean} isRefusal  The token was refused before anybody acted on the call.
 * @property {number} [retryAfter]  Seconds.
 */
export declare class Transport {
    url: string;
    origin: string;
    isCookie: boolean;
    send: typeof fetch;
    /** @param {string} url @param {boolean} isCookie @param {typeof globalThis.fetch} [fetch] */
    constructor(url: string, isCookie: boolean, fetch?: typeof globalThis.fetch);
    /** Post what a cookie may go along with. @param {string} path @param {object} body @param {AbortSignal} signal @param {string} [token] */
    post(path: string, body: object, signal: AbortSignal, token?: string): Promise<Answer>;
    /**
     * Call a route. Raises Unreachable if no answer came, or if it is none of Sallyport's or API Gateway's.
     *
     * @param {string} method @param {string} path
     * @param {{ body?: object, token?: string, signal: AbortSignal, withCookies?: boolean }} how
     * @returns {Promise<Answer>}
     */
    call(method: string, path: string, { body, token, signal, withCookies }: {
        body?: object;
        token?: string;
        signal: AbortSignal;
        withCookies?: boolean;
    }): Promise<Answer>;
}
/** Tell whether a call of any API was refused by the gateway before it. @param {Response} answer @returns {Promise<boolean>} */
export declare function isRefused(answer: Response): Promise<boolean>;
/**
 * Return scheme, name and port of an address, or "" for one that could be read in two ways. Older React Native has no URL
 * that can.
 *
 * @param {string} url
 */
export declare function originOf(url: string): string;
/** @param {AbortSignal} signal */
export declare function stopIf(signal: AbortSignal): void;
/**
 * Wait for `run` so long and no longer, nor after `signal` aborts. It is given a signal of its own, for engines that have
 * neither AbortSignal.timeout nor AbortSignal.any.
 *
 * @template T @param {AbortSignal | undefined} signal @param {(signal: AbortSignal) => Promise<T>} run
 * @returns {Promise<T>}
 */
export declare function within<T>(signal: AbortSignal | undefined, run: (signal: AbortSignal) => Promise<T>): Promise<T>;
