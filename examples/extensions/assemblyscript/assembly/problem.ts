// AssemblyScript has no exceptions: what is wrong is kept here, and whoever found it answers nothing.

let problem = ''

/** Keeps why a call is refused; an empty reason begins a new call. */
export function refuse(why: string): void {
  problem = why
}

export function refused(): bool {
  return problem.length > 0
}

export function sentence(): string {
  return problem
}
