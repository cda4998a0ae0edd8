/**
 * The one matcher for the globs that people write: `*` stands for any characters, case is ignored.
 *
 * @module
 */

/** Reports whether a glob matches a text, or what is behind one of its slashes (`vm/*` matches `rg1/vm/jumpbox`). */
export function matchesGlob(glob: string, text: string): boolean {
  const pattern = glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^(?:.*/)?${pattern}$`, 'is').test(text);
}

/** Reports whether a text is a glob at all. */
export function isGlob(text: string): boolean {
  return text.includes('*');
}
