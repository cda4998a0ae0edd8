/**
 * Nominal typing for scalars: a `Brand<number, 'Ip'>` is a number that only its parser can make.
 *
 * @module
 */

declare const brand: unique symbol;

/** A scalar that was checked once, at the edge, and carries that fact in its type. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
