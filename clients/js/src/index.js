// @ts-check
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
