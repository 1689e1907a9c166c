// What a start finds of the files that grant authority and are in the hands of others. It is said and does not keep the
// service from starting: a kill must stay possible.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.js'
import { exposureOf, type Kept } from '../domain/exposure.js'

/** Whoever can change the tokens file makes an owner of themselves; whoever can read the key signs whatever they like. */
export async function exposedFiles({ tokensFile, logKeyFile, dataDir }: Config): Promise<string[]> {
  const files: [string, Kept][] = [
    [tokensFile ?? join(dataDir, 'tokens.yaml'), 'change'],
    [logKeyFile ?? join(dataDir, 'log.key'), 'read'],
  ]
  const found = await Promise.all(
    files.map(async ([path, from]) => {
      const owned = await stat(path).catch(() => undefined)
      return owned && exposureOf(path, owned, from, process.getuid?.())
    }),
  )
  return found.filter(each => each !== undefined)
}
