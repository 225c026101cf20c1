// Submits packages: node src/submit.js packages/*.json

import { readFile } from 'node:fs/promises'
import { connect, openQueue, submit } from './queue.js'
import { Store } from './store.js'

const files = process.argv.slice(2)
if (files.length === 0) {
  console.error('Which packages? Name the IR files: node src/submit.js packages/*.json')
  process.exit(2)
}
const connection = await connect().catch(({ message }) => {
  console.error(message)
  process.exit(1)
})
const queue = openQueue(connection)
const store = new Store()
try {
  for (const file of files) {
    try {
      console.log(await submit(queue, store, await readFile(file)))
    } catch (error) {
      console.error(`${file}: ${error.message}`)
      process.exitCode = 1
    }
  }
} finally {
  await queue.close()
  connection.disconnect()
}
