/**
 * What the user asked for cannot be asked for so. Exit code 2.
 *
 * @module
 */

/** A flag, a state or a file that cannot be used; the message says what to write instead. */
export class NothingToAsk extends Error {}
