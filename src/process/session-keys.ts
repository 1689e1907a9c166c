// The keys that sessions of app instances, and what the instances of the service share of them, are made and checked with.
// All instances of the service have them, and nobody else: they follow from the key of the log, or, where there is none, from
// the hashes in the tokens file. Part of the composition root.

import { createHash, hkdfSync } from 'node:crypto'
import type { LogKeys } from '../domain/log/log-keys.js'
import type { Tokens } from '../tokens/tokens.js'

/** How many tokens files are remembered: sessions from before a change of the tokens stay good in this process. */
const REMEMBERED = 8

/** The newest first. */
export function sessionKeys({ signing }: LogKeys, tokens: () => Tokens): () => readonly Buffer[] {
  if (signing.length > 0) {
    const keys = signing.map(({ key }) => derived(key.export({ format: 'der', type: 'pkcs8' })))
    return () => keys
  }
  let [last, keys]: [Tokens | undefined, Buffer[]] = [undefined, []]
  return () => {
    const now = tokens()
    if (now !== last) {
      const key = derived(createHash('sha256').update(now.hashes.join('\n')).digest())
      keys = [key, ...keys.filter(each => !each.equals(key))].slice(0, REMEMBERED)
      last = now
    }
    return keys
  }
}

const derived = (from: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', from, '', 'killswitch sessions v1', 32))
