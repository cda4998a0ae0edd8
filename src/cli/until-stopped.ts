/**
 * Signals that end a process which stays up.
 *
 * @module
 */

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves at the first signal. A second one ends the process as it always does. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = (): void => {
      for (const name of signals) process.off(name, onSignal);
      resolve();
    };
    for (const name of signals) process.on(name, onSignal);
  });
}
