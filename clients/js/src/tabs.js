// @ts-check
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

/** Milliseconds to wait for one's turn: whoever has it may be suspended, and keep it for ever. */
export const TURN = 5_000;

/** @type {Map<string, Promise<unknown>>} */
const turns = new Map();

/** Turns within this program, where there are no Web Locks. @type {Locks} */
const here = {
  async request(name, { ifAvailable }, run) {
    const before = turns.get(name);
    if (before && ifAvailable) return run(null);
    const mine = Promise.resolve(before).then(() => run({}));
    /** @type {Promise<void>} */
    const over = mine.then(() => {}, () => {}).then(() => {
      if (turns.get(name) === over) turns.delete(name);
    });
    turns.set(name, over);
    return mine;
  },
};

export class Tabs {
  /**
   * @param {string} name of the store that the tabs share
   * @param {Locks | null | undefined} locks @param {Channel | null | undefined} channel @param {(message: any) => void} hear
   */
  constructor(name, locks, channel, hear) {
    this.name = name;
    this.locks = locks ?? here;
    this.channel = channel;
    if (channel) channel.onmessage = ({ data }) => hear(data);
  }

  /** @param {object} message */
  tell(message) {
    try {
      this.channel?.postMessage(message);
    } catch {} // it is closed
  }

  close() {
    this.channel?.close();
    this.channel = null;
  }

  /**
   * Run one at a time, or at last without a turn. `run` is told whether somebody else had it before.
   *
   * @template T @param {(waited: boolean) => Promise<T>} run @returns {Promise<T>}
   */
  inTurn(run) {
    const { name, locks } = this;
    return new Promise((resolve, reject) => {
      let isBegun = false;
      const begin = (/** @type {boolean} */ waited) => {
        if (isBegun) return;
        isBegun = true;
        clearTimeout(timer);
        const running = run(waited);
        running.then(resolve, reject);
        return running.catch(() => {}); // the turn lasts as long
      };
      const unwanted = new AbortController();
      const timer = setTimeout(() => {
        begin(true);
        unwanted.abort();
      }, TURN);
      const queue = () => locks.request(name, { signal: unwanted.signal }, () => begin(true));
      const asked = async () => locks.request(name, { ifAvailable: true }, (lock) => (lock ? begin(false) : void queue().catch(() => begin(true))));
      asked().catch(() => begin(true)); // a sandboxed frame has no locks
    });
  }
}

/**
 * Return what tabs tell each other by, where there are tabs. A page in a frame of others hears nothing: it gets no cookie from
 * another site either, and would be logged in where others lay their buttons over its own.
 *
 * @param {string} name @returns {Channel | null}
 */
export function channelOf(name) {
  try {
    const isAlone = !globalThis.location || globalThis.top?.location.href === ""; // throws in a frame of others
    return isAlone ? null : /** @type {any} */ (new BroadcastChannel(name));
  } catch {
    return null;
  }
}
