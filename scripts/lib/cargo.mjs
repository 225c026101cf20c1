/** Condenses what cargo prints while it builds: how many crates, and which one now. */
export function cargoProgress(live) {
  let crates = 0
  return (line) => {
    const [, verb, name] =
      /^\s*(Compiling|Checking|Downloaded|Updating|Blocking|Running|Doc-tests) (\S+)/.exec(line) ?? []
    if (verb === undefined) return
    if (verb === 'Compiling' || verb === 'Checking') {
      crates += 1
      live.now(`${crates} ${crates === 1 ? 'crate' : 'crates'}, now ${name}`)
    } else if (verb === 'Blocking') {
      live.now('waiting for another cargo to finish')
    } else {
      live.now(line.trim())
    }
  }
}

/** Whether a line only says what cargo is at: of no use once it has failed. */
export function isProgress(line) {
  return /^\s*(Compiling|Checking|Downloading|Downloaded|Updating|Blocking) /.test(line)
}

/** In CI a lock file that would have to change is an error; at a desk it is the normal course of adding a dependency. */
export const locked = process.env.CI ? ['--locked'] : []
