import { configDefaults, defineConfig } from 'vitest/config';

/** Suites that need client programs; CLOISTER_CLIENTS says where `node bin/clients.mjs DIR` put those. */
const clients = ['test/clients/**', 'src/services/blob/azurite.test.ts'];
const wanted = process.env.CLOISTER_CLIENTS !== undefined || process.env.CLOISTER_REQUIRE_ALL === '1';

/** Unit tests stand beside what they test; what crosses layers stands in test/. */
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(wanted ? [] : clients)],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    pool: 'forks',
    maxWorkers: 2,
  },
});
