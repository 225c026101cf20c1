import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Published {
  name: string
  versions: Record<string, unknown>
  'dist-tags': Record<string, string>
}

/** As much of a registry of npm's as publishing takes, on this machine only. */
export class Registry {
  /** What was published, in its order. */
  readonly published: Published[] = []
  /** After so many packages it refuses all others. */
  room = Infinity
  readonly #server = createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url!, 'http://localhost').pathname.slice(1))
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    if (request.method === 'GET') {
      const found = this.published.find((each) => each.name === name)
      return found === undefined ? answer(404, { error: 'not found' }) : answer(200, found)
    }
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.once('end', () => {
      if (this.published.length >= this.room) return answer(403, { error: 'no room' })
      this.published.push(JSON.parse(body) as Published)
      answer(201, { ok: true })
    })
  })

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
