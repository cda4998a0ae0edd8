/**
 * Chance that can be had again: every test that draws says its seed, and takes it from CLOISTER_SEED.
 *
 * @module
 */

/** Returns the seed, and prints it with what it is for. */
export function seedOf(what: string): number {
  const seed = Number(process.env['CLOISTER_SEED'] ?? Date.now() % 2 ** 31);
  console.log(`${what} from CLOISTER_SEED=${seed}`);
  return seed;
}

/** Small, seeded, good enough for moments (mulberry32). */
export function randomOf(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let bits = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
