// What the attacks are after: a file beside a granted directory, and a server that sends its visitors on.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileGuest } from '../../scripts/lib/guest.mjs'
import { SECRET } from './trial.mjs'

/** The one host that is granted; the server answers to another name too. */
const GRANTED_HOST = '127.0.0.1'
const OTHER_HOST = 'localhost'

/** @param {{ memory: number, time: number }} grant */
export async function setScene(grant) {
  const directory = mkdtempSync(join(tmpdir(), 'morphir-attacks-'))
  const server = createServer((request, response) => {
    if (request.headers.host === `${GRANTED_HOST}:${server.address().port}`) {
      response.writeHead(302, { location: `http://${OTHER_HOST}:${server.address().port}/` }).end()
    } else {
      response.end(SECRET)
    }
  })
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, resolve))
  return {
    /**
     * The trial of an attack, with files of its own.
     * @param {import('./list.mjs').Attack} attack
     */
    async trial(
      { guest, calls = [], good = { method: 'echo', input: 'well' }, directories, readonly, network },
      runtime,
    ) {
      const files = mkdtempSync(join(directory, 'trial-'))
      const granted = join(files, 'granted')
      mkdirSync(granted)
      writeFileSync(join(granted, 'granted.txt'), 'granted')
      writeFileSync(join(files, 'secret.txt'), SECRET)
      symlinkSync(join('..', 'secret.txt'), join(granted, 'link.txt'))
      const request = JSON.stringify({ url: `http://${GRANTED_HOST}:${server.address().port}/` })
      return {
        ...grant,
        runtime,
        module: await compileGuest(guest, files),
        plain: await compileGuest('fixtures/plain.wat', files),
        directories: directories ? { '/granted': granted } : {},
        readonly: readonly ? { '/granted': granted } : {},
        hosts: network ? [GRANTED_HOST] : [],
        calls: network ? calls.map((call) => ({ ...call, input: request })) : calls,
        good,
      }
    },
    end() {
      server.closeAllConnections()
      server.close()
      rmSync(directory, { recursive: true })
    },
  }
}
