import { configDefaults, defineConfig } from 'vitest/config';

/** Suites that need programs of their own; each is asked for by the variable that says where those are. */
const optional = [
  ...(process.env.CLOISTER_CLIENTS === undefined ? ['test/clients/**'] : []),
  ...(process.env.CLOISTER_AZURITE === undefined ? ['src/services/blob/azurite.test.ts'] : []),
];

/** Unit tests stand beside what they test; what crosses layers stands in test/. */
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...optional],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
