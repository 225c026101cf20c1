export function median(numbers) {
  return percentile(numbers, 50)
}

/** The number that so many in a hundred do not exceed. */
export function percentile(numbers, hundredths) {
  const sorted = numbers.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil((sorted.length * hundredths) / 100) - 1)]
}
