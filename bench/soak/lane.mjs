/** A host with two extensions that stay, and what has to be known of them. */
export class Lane {
  /** What the counter answered last, as long as it has not lost its state. */
  count = 100
  /** Messages that extensions logged. */
  logged = 0

  constructor({ ExtensionHost, guests, session, random, options }) {
    this.guests = guests
    this.session = session
    this.random = random
    this.newHost = (more) => new ExtensionHost({ cacheDir: options.cacheDir, ...more })
    this.host = new ExtensionHost({ ...options, onLog: () => (this.logged += 1) })
  }

  async open() {
    this.echo = await this.load('echo', { lifecycle: 'morphir' })
    // More than any fault takes by itself, also on a machine that is busy.
    const permissions = { maxMemory: '8MiB', maxExecutionTime: '20s' }
    this.counter = await this.load('counter', { lifecycle: 'morphir', permissions })
  }

  load(name, config, options) {
    return this.loadInto(this.host, name, config, options)
  }

  loadInto(host, name, config, options) {
    const bytes = this.guests[name]
    if (bytes === undefined) throw new Error(`There is no fixture ${name}.`)
    return host.loadExtension({ name, source: { type: 'wasm', bytes }, lifecycle: 'none', ...config }, options)
  }

  close() {
    return this.host.close({ cancel: true })
  }
}
