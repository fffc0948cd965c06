export type Options = import("./sallyport.js").Options;
export type Proof = import("./sallyport.js").Proof;
export type Mailed = import("./sallyport.js").Mailed;
export type User = import("./sallyport.js").User;
export type Device = import("./sallyport.js").Device;
export type State = import("./session.js").State;
export type Events = import("./session.js").Events;
export type Store = import("./memory.js").Store;
export type FieldError = import("./errors.js").FieldError;
/**
 * Sallyport's client. The stores that keep a refresh token outside a cookie are entries of their own, in `stores/`.
 *
 * @typedef {import("./sallyport.js").Options} Options
 * @typedef {import("./sallyport.js").Proof} Proof
 * @typedef {import("./sallyport.js").Mailed} Mailed
 * @typedef {import("./sallyport.js").User} User
 * @typedef {import("./sallyport.js").Device} Device
 * @typedef {import("./session.js").State} State
 * @typedef {import("./session.js").Events} Events
 * @typedef {import("./memory.js").Store} Store
 * @typedef {import("./errors.js").FieldError} FieldError
 */
export { LoggedOut, Problem, SallyportError, Unreachable } from "./errors.js";
export { Sallyport } from "./sallyport.js";
