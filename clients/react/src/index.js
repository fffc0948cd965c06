// @ts-check
/** Who is logged in, for React. The client does all the work; here components hear of it. */
import { createContext, createElement, useContext, useEffect, useSyncExternalStore } from "react";

/**
 * @typedef {import("@sallyport/client").Sallyport} Sallyport
 * @typedef {import("@sallyport/client").State} State
 * @typedef {State & { sallyport: Sallyport, isLoading: boolean, isLoggedIn: boolean }} Session
 */

/** @type {State} On a server nobody is known. */
const UNKNOWN = Object.freeze({ status: "unknown", user: null, session: null, reason: null });

const Context = createContext(/** @type {Sallyport | null} */ (null));

/**
 * Give a client to every component below. Make the client once, outside of components. Whether somebody is logged in is asked
 * when this is first shown; a failure leaves the state `unknown`, and `onError` is told.
 *
 * @param {{ sallyport: Sallyport, onError?: (error: unknown) => void, children?: import("react").ReactNode }} props
 */
export function SallyportProvider({ sallyport, onError, children }) {
  useEffect(() => {
    if (sallyport.state.status === "unknown") sallyport.resume().catch((error) => onError?.(error));
  }, [sallyport]);
  return createElement(Context.Provider, { value: sallyport }, children);
}

/**
 * Return who is logged in, and the client. The component is drawn again after each change, also by another tab.
 *
 * @returns {Session}
 */
export function useSession() {
  const sallyport = useContext(Context);
  if (!sallyport) throw new Error("useSession needs a <SallyportProvider> above it");
  const state = useSyncExternalStore(
    (changed) => sallyport.on("change", changed),
    () => sallyport.state,
    () => UNKNOWN,
  );
  return { ...state, sallyport, isLoading: state.status === "unknown", isLoggedIn: state.status === "in" };
}
