// What is left of all that was measured.

/**
 * @typedef {object} Figure
 * @property {number} median
 * @property {number} p99
 * @property {number} most
 * @property {number} count of how many values
 * @property {number[]} rounds each round's median
 */

/**
 * Sums up what one contender answered, round by round: of each thing that it tells, numbers or lists of numbers.
 * @param {object[]} answers
 * @returns {Record<string, Figure>}
 */
export function sumUp(answers) {
  const figures = {}
  for (const name of Object.keys(answers[0])) {
    if (typeof answers[0][name] === 'string') continue
    const rounds = answers.map((answer) => [answer[name]].flat())
    const values = rounds.flat().toSorted(ascending)
    figures[name] = {
      median: middle(values),
      p99: values[Math.min(values.length - 1, Math.floor(values.length * 0.99))],
      most: values.at(-1),
      count: values.length,
      rounds: rounds.map((values) => middle(values.toSorted(ascending))),
    }
  }
  return figures
}

function middle(sorted) {
  return sorted[sorted.length >> 1]
}

function ascending(one, other) {
  return one - other
}
