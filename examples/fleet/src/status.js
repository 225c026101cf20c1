// How the fleet does: node src/status.js

import { connect, openQueue } from './queue.js'

const connection = await connect().catch(({ message }) => {
  console.error(message)
  process.exit(1)
})
const queue = openQueue(connection)
try {
  const { completed, failed, active, waiting, delayed } = await queue.getJobCounts()
  console.log(`${completed} done, ${failed} failed, ${active} running, ${waiting + delayed} waiting`)
  for (const { id, attemptsMade, failedReason } of await queue.getFailed()) {
    console.log(`${id}, tried ${attemptsMade} ${attemptsMade === 1 ? 'time' : 'times'}: ${failedReason}`)
  }
} finally {
  await queue.close()
  connection.disconnect()
}
