// What a README shows of a terminal: blocks that begin with ```console and the project's folder, with `$` before each command. They are
// run again, and what they print has to be what is pasted, but for times and for the order of lines.

import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Failure } from '../lib/failure.mjs'
import { attempt } from '../lib/run.mjs'
import { step } from '../lib/step.mjs'

const BLOCK = /^```console (\S+)\n([\s\S]*?)^```$/gm
/** A line of its own between what two commands print, with the exit code of the first. */
const MARK = '\u0001'

/**
 * Runs the sessions of a README, each in its folder below a directory.
 * @param {{ write: boolean, env: Record<string, string> }} options `write` puts what was printed into the README
 */
export async function runSessions(readme, directory, { write, env }) {
  const text = readFileSync(readme, 'utf8')
  let result = ''
  let end = 0
  for (const block of text.matchAll(BLOCK)) {
    const [whole, folder, pasted] = block
    const printed = (await runSession(folder, pasted, join(directory, folder), env)).replaceAll(directory, '~')
    const same = comparable(printed) === comparable(pasted)
    if (!same && !write) throw different(readme, folder, printed)
    result += text.slice(end, block.index) + (same ? whole : `\`\`\`console ${folder}\n${printed}\`\`\``)
    end = block.index + whole.length
  }
  if (end === 0) throw new Failure(`${readme} shows no session.`)
  writeFileSync(readme, result + text.slice(end))
}

/** Runs the commands of one session in one shell, and answers the session as it is now. */
async function runSession(folder, pasted, cwd, env) {
  const commands = pasted.split('\n').flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : []))
  return step(`${basename(cwd)}: ${commands.find((command) => command.includes('npm'))}`, async () => {
    // The shell keeps a command's code for `echo $?`.
    const script = commands.map((command) => `${command}\ncode=$?; printf '${MARK}%d\\n' $code; (exit $code)\n`)
    const { lines, missing } = await attempt('sh', ['-c', `exec 2>&1\n${script.join('')}`], { cwd, env })
    if (missing) throw new Failure('The sessions of the examples need a shell, sh, which is not there.')
    return commands.map((command) => `$ ${command}\n${taken(command, commands, lines)}`).join('')
  })
}

/** Takes what one command printed from the lines. One that fails has to be meant to, which `echo $?` after it says. */
function taken(command, commands, lines) {
  const end = lines.findIndex((line) => line.includes(MARK))
  const printed = lines.splice(0, end + 1)
  const [last, code] = printed.pop()?.split(MARK) ?? ['', 'none']
  if (last !== '') printed.push(last)
  const meant = commands[commands.indexOf(command) + 1]?.endsWith('echo $?')
  if (code !== '0' && !meant) {
    throw new Failure(`\`${command}\` ended with exit code ${code}.`, { output: printed })
  }
  while (printed.at(-1) === '') printed.pop()
  return printed.map((line) => `${line.trimEnd()}\n`).join('')
}

/** Packages are worked on at once, so their lines come in any order; and no two runs take the same time. */
function comparable(session) {
  const timeless = session.replaceAll(/\b\d+(\.\d+)? ?m?s\b|\d\d:\d\d:\d\d|(?<=duration_ms )[\d.]+/g, '…')
  return timeless
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .toSorted()
    .join('\n')
}

function different(readme, folder, printed) {
  return new Failure(`What ${readme} shows of ${folder} is no longer what is printed:`, {
    output: printed.trimEnd().split('\n'),
    lastLines: 100,
    advice: 'see whether that is right, and then npm run examples -- --write.',
  })
}
