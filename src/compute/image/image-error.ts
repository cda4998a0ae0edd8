/**
 * What is wrong with an image.
 *
 * @module
 */

/** Thrown for an image that cannot be run. The message says why, as a sentence without its full stop. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
}
