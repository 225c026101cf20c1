import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['__test__/**/*.test.{ts,mts,js}'],
    // A worker thread ends only when its calls have; a process ends them.
    pool: 'forks',
    // One file at a time: many of them measure, and guests keep both cores of a small machine busy.
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    globalSetup: ['__test__/support/environment.ts'],
    // The package is loaded by Node itself, as its users do, not transformed.
    server: { deps: { external: [/\/index\.m?js$/, /\/lib\/\w+\.js$/, /\/binding\.js$/] } },
  },
})
