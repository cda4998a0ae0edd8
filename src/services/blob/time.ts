/**
 * Times as signatures and keys write them.
 *
 * @module
 */

const iso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,7})?)?(Z|[+-]\d\d:\d\d))?$/;

/** Reads a time of ISO 8601, as storage takes it, in milliseconds since 1970. */
export function dateOf(text: string): number | undefined {
  if (!iso.test(text)) return undefined;
  const date = Date.parse(text.replace(/(\.\d{3})\d+/, '$1'));
  return Number.isNaN(date) ? undefined : date;
}

/** Writes a time as keys do: without fractions. */
export function formatDate(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
