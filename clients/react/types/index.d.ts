export type Sallyport = import("@sallyport/client").Sallyport;
export type State = import("@sallyport/client").State;
export type Session = State & {
    sallyport: Sallyport;
    isLoading: boolean;
    isLoggedIn: boolean;
};
/**
 * Give a client to every component below. Make the client once, outside of components. Whether somebody is logged in is asked
 * when this is first shown; a failure leaves the state `unknown`, and `onError` is told.
 *
 * @param {{ sallyport: Sallyport, onError?: (error: unknown) => void, children?: import("react").ReactNode }} props
 */
export declare function SallyportProvider({ sallyport, onError, children }: {
    sallyport: Sallyport;
    onError?: (error: unknown) => void;
    children?: import("react").ReactNode;
}): import("react").FunctionComponentElement<import("react").ProviderProps<import("@sallyport/client").Sallyport | null>>;
/**
 * Return who is logged in, and the client. The component is drawn again after each change, also by another tab.
 *
 * @returns {Session}
 */
export declare function useSession(): Session;
