/**
 * The other tabs: taking turns with them, and telling them. Whatever is missing here (Web Locks, BroadcastChannel) costs
 * calls and no session: Sallyport's rule takes races.
 *
 * @typedef {object} Locks  Web Locks.
 * @property {(name: string, options: { ifAvailable?: boolean, signal?: AbortSignal }, run: (lock: unknown) => any) => Promise<any>} request
 *
 * @typedef {object} Channel  A BroadcastChannel.
 * @property {(message: any) => void} postMessage
 * @property {((event: { data: any }) => void) | null} onmessage
 * @property {() => void} close
 */
export type Locks = {
    request: (name: string, options: {
        ifAvailable?: boolean;
        signal?: AbortSignal;
    }, run: (lock: unknown) => any) => Promise<any>;
};
export type Channel = {
    postMessage: (message: any) => void;
    onmessage: ((event: {
        data: any;
    }) => void) | null;
    close: () => void;
};
/** Milliseconds to wait for one's turn: whoever has it may be suspended, and keep it for ever. */
export declare const TURN = 5000;
export declare class Tabs {
    name: string;
    locks: Locks;
    channel: Channel | null | undefined;
    /**
     * @param {string} name of the store that the tabs share
     * @param {Locks | null | undefined} locks @param {Channel | null | undefined} channel @param {(message: any) => void} hear
     */
    constructor(name: string, locks: Locks | null | undefined, channel: Channel | null | undefined, hear: (message: any) => void);
    /** @param {object} message */
    tell(message: object): void;
    close(): void;
    /**
     * Run one at a time, or at last without a turn. `run` is told whether somebody else had it before.
     *
     * @template T @param {(waited: boolean) => Promise<T>} run @returns {Promise<T>}
     */
    inTurn<T>(run: (waited: boolean) => Promise<T>): Promise<T>;
}
/**
 * Return what tabs tell each other by, where there are tabs. A page in a frame of others hears nothing: it gets no cookie from
 * another site either, and would be logged in where others lay their buttons over its own.
 *
 * @param {string} name @returns {Channel | null}
 */
export declare function channelOf(name: string): Channel | null;
