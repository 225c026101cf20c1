// What is promised of the addons for Linux. Each promise is in docs/platforms.md.

import { Failure } from '../lib/failure.mjs'
import { size } from '../lib/quantity.mjs'
import { isAbove, readElf } from './elf.mjs'

/** The oldest glibc that they load with: that of CentOS 7. Visual Studio Code's server asks for 2.28. */
export const GLIBC = '2.17'
/** What a package may add to an installation; the compiler is most of it. */
const LARGEST = 20_000_000
const MACHINES = { x64: 'Advanced Micro Devices X86-64', arm64: 'AArch64' }
/** What every such system has; musl is one library, which goes by several names. */
const LIBRARIES = {
  gnu: /^(lib(c|m|pthread|dl|rt|gcc_s)\.so\.\d+|ld-linux-[\w-]+\.so\.\d)$/,
  musl: /^(libc\.so|libc\.musl-\w+\.so\.1)$/,
}

/** Checks an addon for Linux, and answers what it asks of a system. */
export async function checkAddon({ name, cpu, abi }, path) {
  const found = await readElf(path)
  const complain = (what, advice) => {
    throw new Failure(`The addon for ${name} ${what}.`, { advice })
  }
  if (found.machine !== MACHINES[cpu]) complain(`is for the processor ${found.machine}`, 'build it again.')
  const foreign = found.libraries.filter((library) => !LIBRARIES[abi].test(library))
  if (foreign.length > 0) {
    complain(`needs ${foreign.join(', ')}`, `not every system has it: ${LIBRARIES[abi].source} is what may be needed.`)
  }
  if (found.glibc !== undefined && (abi === 'musl' || isAbove(found.glibc, GLIBC))) {
    complain(
      `needs glibc ${found.glibc}`,
      abi === 'musl'
        ? 'it was not linked with musl.'
        : `the oldest that is promised is ${GLIBC}; \`objdump -T\` lists it.`,
    )
  }
  if (found.size > LARGEST) {
    complain(`has ${size(found.size)}, and ${size(LARGEST)} is the most`, 'build it with the profile dist.')
  }
  return found
}
