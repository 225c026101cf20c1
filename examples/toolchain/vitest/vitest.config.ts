import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // A process for each file. With --pool=threads the tests run as well, because their hosts bring threads of their own: see host.ts.
    pool: 'forks',
    // The first load of a module compiles it, which takes seconds for a large one; then it comes from the cache.
    hookTimeout: 60_000,
    // The checks of limits take their time on purpose, which is no news.
    slowTestThreshold: 60_000,
  },
})
