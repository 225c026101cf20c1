import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from '../src/failures.js'
import { Pipeline } from '../src/pipeline.js'
import { submit } from '../src/queue.js'
import { Fleet } from './fleet.js'
import { large, named } from './packages.js'
import { startRedis } from './redis.js'

let fleet
before(async () => {
  fleet = await Fleet.open()
})
after(() => fleet?.close())
beforeEach(() => fleet.empty())
afterEach(() => fleet.stopWorkers())

const submitAll = (packages) => Promise.all(packages.map((bytes) => submit(fleet.queue, fleet.store, bytes)))
const resultOf = (id) => readFile(fleet.store.resultOf(id), 'utf8')
const results = () => readdir(dirname(fleet.store.resultOf('any')))

/** What one process makes of packages, without a queue. */
async function expected(packages) {
  const { steps } = await import('./steps.js')
  const pipeline = await Pipeline.load(steps)
  try {
    const all = []
    for (const bytes of packages) all.push(JSON.stringify(await pipeline.run(JSON.parse(bytes))))
    return all
  } finally {
    await pipeline.close()
  }
}

/** Each of these was completed once, and has one result, which is the right one. */
async function assertOnce(ids, packages) {
  const completed = await fleet.completions(ids.length)
  assert.deepEqual(completed.toSorted(), ids.toSorted())
  assert.deepEqual(await Promise.all(ids.map(resultOf)), await expected(packages))
  assert.deepEqual((await results()).toSorted(), ids.map((id) => `${id}.json`).toSorted())
}

test('each package has one result, whichever of two workers had it', async () => {
  const packages = Array.from({ length: 40 }, (_, index) => named(`Many${index}`))
  await Promise.all([fleet.startWorker(), fleet.startWorker()])
  const ids = await submitAll(packages)
  await fleet.settled(ids)
  await assertOnce(ids, packages)
})

test('a package that is submitted again is not done again', async () => {
  await fleet.startWorker()
  const packages = [named('Twice')]
  const [first, again] = await submitAll([...packages, ...packages])
  await fleet.settled([first])
  const [after] = await submitAll(packages)
  assert.equal(again, first)
  assert.equal(after, first)
  await fleet.settled([after])
  await assertOnce([first], packages)
})

test('what a killed worker had, another does', async () => {
  // Large enough that the worker still has it when it is killed.
  const packages = [large('Killed', 4_000_000), ...Array.from({ length: 10 }, (_, index) => named(`After${index}`))]
  const victim = await fleet.startWorker()
  const taken = fleet.event('active')
  const [id] = await submitAll(packages.slice(0, 1))
  assert.equal(await taken, id)
  victim.kill('SIGKILL')
  const others = await submitAll(packages.slice(1))
  await fleet.startWorker()
  const [job] = await fleet.settled([id, ...others])
  assert.equal(job.stalledCounter, 1)
  assert.notEqual(job.processedBy.split(':').at(-1), String(victim.pid))
  await assertOnce([id, ...others], packages)
})

test('a worker that is killed after it wrote its result leaves one result all the same', async () => {
  const packages = [named('Written')]
  const [id] = await submitAll(packages)
  const [bytes] = await expected(packages)
  await fleet.store.putResult(id, bytes)
  await fleet.startWorker()
  const [job] = await fleet.settled([id])
  assert.equal(job.returnvalue.first, false)
  await assertOnce([id], packages)
})

test('poisoned packages fail alone, each with its code', async () => {
  const good = Array.from({ length: 10 }, (_, index) => named(`Good${index}`))
  await Promise.all([fleet.startWorker(), fleet.startWorker()])
  const [looping, trapping, ...ids] = await submitAll([named('Loop'), named('Trap'), ...good])
  const [loop, trap] = await fleet.settled([looping, trapping, ...ids])
  // Out of time may be the machine's fault; a trap comes again.
  assert.deepEqual([codeOf(loop), loop.attemptsMade], ['Timeout', 3])
  assert.deepEqual([codeOf(trap), trap.attemptsMade], ['Trap', 1])
  const failed = await fleet.queue.getFailed()
  assert.deepEqual(failed.map(({ id }) => id).toSorted(), [looping, trapping].toSorted())
  await assertOnce(ids, good)
})

test('what went wrong with a file is tried again', async () => {
  const packages = [named('Late')]
  const [id] = await submitAll(packages)
  const { hash } = (await fleet.queue.getJob(id)).data
  const file = fleet.store.packageOf(hash)
  await rename(file, `${file}.away`)
  const failing = fleet.event('delayed')
  await fleet.startWorker()
  await failing
  await rename(`${file}.away`, file)
  const [job] = await fleet.settled([id])
  assert.equal(job.attemptsMade, 2)
  await assertOnce([id], packages)
})

test('a package that changed on its way is refused', async () => {
  const [id] = await submitAll([named('Changed')])
  const { hash } = (await fleet.queue.getJob(id)).data
  await writeFile(fleet.store.packageOf(hash), named('Another'))
  await fleet.startWorker()
  const [job] = await fleet.settled([id])
  assert.match(job.failedReason, /has changed since it was submitted/)
  assert.deepEqual(await results(), [])
})

test('a worker that is told to stop finishes what it has', async () => {
  const packages = [large('Last', 2_000_000)]
  const worker = await fleet.startWorker()
  const taken = fleet.event('active')
  const [id] = await submitAll(packages)
  await taken
  worker.kill('SIGTERM')
  await fleet.stopWorkers()
  const [job] = await fleet.settled([id], 0)
  assert.equal(job.stalledCounter, 0)
  await assertOnce([id], packages)
})

test('only IR is taken', async () => {
  await assert.rejects(submit(fleet.queue, fleet.store, Buffer.from('{}')), /not Morphir IR/)
  await assert.rejects(submit(fleet.queue, fleet.store, Buffer.from('{')), SyntaxError)
})

test('the commands say what they did', async () => {
  await fleet.startWorker()
  const submitted = await fleet.command('src/submit.js', 'packages/bunkers.json', 'packages/harbour.json')
  const ids = submitted.stdout.trim().split('\n')
  const [trap] = await submitAll([named('Trap')])
  await fleet.settled([...ids, trap])
  const { stdout } = await fleet.command('src/status.js')
  assert.match(stdout, /^2 done, 1 failed, 0 running, 0 waiting\n/)
  assert.match(stdout, /Tidewater\.Trap-\w+, tried 1 time: Trap: picky: /)
})

test('wrong commands say what to do', async () => {
  assert.deepEqual(await fleet.command('src/submit.js'), {
    code: 2,
    stdout: '',
    stderr: 'Which packages? Name the IR files: node src/submit.js packages/*.json\n',
  })
  assert.deepEqual(await fleet.command('src/submit.js', 'package.json', 'packages/bunkers.json'), {
    code: 1,
    stdout: `${await submit(fleet.queue, fleet.store, await readFile('packages/bunkers.json'))}\n`,
    stderr: 'package.json: This is not Morphir IR: it has no distribution with the name of a package.\n',
  })
  assert.deepEqual(await fleet.command('src/worker.js', '--concurrency', '0'), {
    code: 2,
    stdout: '',
    stderr: '--concurrency is how many packages at once, from 1 on, not 0.\n',
  })
  const unknown = await fleet.command('src/worker.js', '--workers', '2')
  assert.equal(unknown.code, 2)
  assert.match(unknown.stderr, /^Unknown option '--workers'/)
})

test('without Redis, commands say so and workers can be stopped', async () => {
  const { url, stop } = await startRedis()
  await stop()
  const before = process.env.REDIS_URL
  process.env.REDIS_URL = url
  try {
    const { code, stderr } = await fleet.command('src/status.js')
    assert.equal(code, 1)
    assert.equal(
      stderr,
      `Redis cannot be reached: connect ECONNREFUSED ${new URL(url).host}. REDIS_URL says where it is, now ${url}.\n`,
    )
    assert.equal(await fleet.stopWithoutRedis(), 0)
  } finally {
    process.env.REDIS_URL = before
  }
})

test('a worker that is stopped together with Redis ends, and says what becomes of its package', async () => {
  assert.deepEqual(await fleet.stopWithRedis(named('Loop')), {
    code: 1,
    stderr: 'Redis has gone away. What this worker had, another does when the lease is over.\n',
  })
})

test('Ctrl-C in the middle of tests leaves no process and no file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'morphir-interrupted-'))
  try {
    const figures = spawn(process.execPath, ['test/figures.js'], {
      // A terminal sends the signal to all of a group.
      detached: true,
      env: { ...process.env, TMPDIR: directory },
      stdio: 'ignore',
    })
    // With the first result, a worker has the next package.
    const results = async () =>
      (await readdir(directory, { recursive: true })).filter((name) => /results.\w/.test(name))
    for (let round = 0; round < 600 && (await results()).length === 0; round += 1) await sleep(50)
    assert.notDeepEqual(await results(), [])
    const ended = once(figures, 'exit', { signal: AbortSignal.timeout(20_000) })
    process.kill(-figures.pid, 'SIGINT')
    assert.equal((await ended)[0], 130)
    assert.deepEqual(await readdir(directory), [])
    for (let round = 0; round < 100 && isThere(-figures.pid); round += 1) await sleep(50)
    assert.ok(!isThere(-figures.pid))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

/** Whether a process is there, or with a negative number one of a group. */
function isThere(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
