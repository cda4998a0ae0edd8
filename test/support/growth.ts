/**
 * How work grows with its input: by the processor's time that it takes, since the clock's depends on who else is busy.
 */

/** Returns how many times longer `work` takes on an input of the second size than of the first, at best of three. */
export function growth(work: (size: number) => void, small: number, large: number): number {
  const least = (size: number): number =>
    Math.min(
      ...[1, 2, 3].map(() => {
        const before = process.cpuUsage();
        work(size);
        return process.cpuUsage(before).user;
      }),
    );
  // Once for nothing, so that both are compiled.
  work(small);
  return least(large) / Math.max(least(small), 1);
}
