// Measures the tree beside the journal and the offline verification of an export.
//   node scripts/build.mjs --test && node .build/test/bench/proofs.js [entries]

import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verify } from '../../src/cli/log/verify.js'
import { originOf, signCheckpoint } from '../../src/domain/log/checkpoint.js'
import { Journal } from '../../src/log/journal/journal.js'
import { Tree } from '../../src/log/proof/tree.js'
import { chainOf } from '../support/entries.js'

const count = Number(process.argv[2] ?? 100_000)
const folder = mkdtempSync(join(tmpdir(), 'killswitch-bench-'))
const file = join(folder, 'audit.ndjson')

async function timed<T>(what: string, act: () => Promise<T>): Promise<T> {
  const [start, cpu] = [performance.now(), process.cpuUsage()]
  const result = await act()
  const { user, system } = process.cpuUsage(cpu)
  const took = `${(performance.now() - start).toFixed(1)} ms, of processor ${((user + system) / 1000).toFixed(1)} ms`
  console.log(`${what.padEnd(40)} ${took}`)
  return result
}

try {
  const journal = await Journal.open({ folder: join(folder, 'data') })
  for (let done = 0; done < count; done += 5000) {
    const entries = chainOf({ count: Math.min(5000, count - done), after: journal.head })
    await journal.append(entries)
    writeFileSync(file, entries.map(({ line }) => `${line}\n`).join(''), { flag: 'a' })
  }
  const tree = await Tree.open(journal)
  await timed(`hash ${count} entries`, () => tree.whole())
  await timed('1,000 proofs', async () => {
    for (let at = 1; at <= 1000; at++) await tree.inclusion(Math.ceil((at * count) / 1000))
  })
  const { head } = tree
  if (head === undefined || journal.firstHash === undefined) throw new Error('there is no tree')
  const checkpoint = { origin: originOf('test', journal.firstHash), ...head }
  const { privateKey } = generateKeyPairSync('ed25519')
  await timed('1,000 signatures', async () => {
    for (let at = 0; at < 1000; at++) signCheckpoint(checkpoint, privateKey)
  })
  await tree.close()
  const again = await timed('open the tree again', () => Tree.open(journal))
  await again.close()
  await journal.close()
  writeFileSync(`${file}.checkpoint`, signCheckpoint(checkpoint, privateKey))
  const verdict = await timed(`verify an export of ${count}`, () =>
    verify(file, [`${file}.checkpoint`], undefined),
  )
  console.log(`  ok ${verdict.ok}, proven ${verdict.proven}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
