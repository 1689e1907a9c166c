// Provisional kills on a folder of their own, beside a gate.

import type { ProvisionalKill } from '../../src/domain/provisional.js'
import { ProvisionalFile } from '../../src/journal/provisional-file.js'
import { Provisional } from '../../src/service/provisional.js'
import type { Rig } from './gate.js'
import { type Teardown, testdir } from './testdir.js'

export async function provisionalOf(
  t: Teardown,
  { log, gate }: Pick<Rig, 'log' | 'gate'>,
): Promise<Provisional> {
  const file = new ProvisionalFile<ProvisionalKill>(testdir(t))
  return Provisional.open({ file, log, gate, environment: 'test', clock: Date.now, onFault: () => {} })
}
