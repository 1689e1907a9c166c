// A process of its own that appends for ever and prints each place once it is acknowledged; a test kills it.
//   node appender.js <folder> <batch>

import { placeOf } from '../../src/domain/log/audit.js'
import { Journal } from '../../src/log/journal/journal.js'
import { chainOf } from './entries.js'

const [folder, batch] = [process.argv[2]!, Number(process.argv[3])]
const journal = await Journal.open({ folder, segmentBytes: 20_000 })
for (;;) {
  await journal.append(chainOf({ count: batch, after: journal.head }))
  process.stdout.write(`${placeOf(journal.head)} ${journal.head.hash}\n`)
}
