const IN_FLIGHT = 64
const IN_FLIGHT_TIME = 1000

/** How long one small call takes, in milliseconds: the median of calls made one after the other. */
export async function callTime(call, calls) {
  // The first few find nothing in the processor's caches and no compiled JavaScript.
  for (let index = 0; index < calls / 10; index += 1) await call()
  const times = []
  for (let index = 0; index < calls; index += 1) {
    const started = performance.now()
    await call()
    times.push(performance.now() - started)
  }
  return times.toSorted((a, b) => a - b)[Math.floor(calls / 2)]
}

/** How many calls a second there are with 64 in flight at any time. */
export async function callRate(call) {
  const started = performance.now()
  let calls = 0
  const caller = async () => {
    while (performance.now() - started < IN_FLIGHT_TIME) {
      await call()
      calls += 1
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller))
  return (calls / (performance.now() - started)) * 1000
}
