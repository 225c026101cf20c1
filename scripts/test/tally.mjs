// Counts read from what test runners report.

import { readFileSync } from 'node:fs'

export const NONE = { passed: 0, failed: 0, skipped: 0 }

export function add(tallies) {
  return tallies.reduce(
    (sum, { passed, failed, skipped }) => ({
      passed: sum.passed + passed,
      failed: sum.failed + failed,
      skipped: sum.skipped + skipped,
    }),
    NONE,
  )
}

/** A runner that ended badly without counting a failure still failed: it did not compile, crashed or was ended. */
export function atLeastOneFailed(tally) {
  return tally.failed > 0 ? tally : { ...tally, failed: 1 }
}

/**
 * `test result: ok. 12 passed; 0 failed; 1 ignored; …; 0 filtered out`: a line for each test binary and for the doctests. Tests that
 * run themselves again in a process of their own print such lines too, but those filter out all the others.
 */
export function ofCargo(lines) {
  const pattern = /^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored; .*; 0 filtered out/
  const results = lines.map((line) => pattern.exec(line))
  return add(
    results.filter(Boolean).map(([, passed, failed, skipped]) => ({
      passed: Number(passed),
      failed: Number(failed),
      skipped: Number(skipped),
    })),
  )
}

/** Vitest's JSON report, where it got to write one. */
export function ofVitest(path) {
  let report
  try {
    report = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return NONE
  }
  // A file that fails before its first test counts as a failure of its own.
  const broken = report.testResults.filter(({ status, assertionResults }) => {
    return status === 'failed' && !assertionResults.some((test) => test.status === 'failed')
  })
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}
