// Provisional kills on a folder of their own, beside a gate.

import type { Kill } from '../../src/domain/flip/kill.js'
import { Provisional } from '../../src/log/provisional/provisional.js'
import { ProvisionalFile } from '../../src/log/provisional/provisional-file.js'
import { anActor, noStep } from './domain.js'
import type { Rig } from './gate.js'
import { type Teardown, testdir } from './testdir.js'

export async function provisionalOf(
  t: Teardown,
  { log, gate }: Pick<Rig, 'log' | 'gate'>,
  file = new ProvisionalFile<Kill>(testdir(t)),
): Promise<Provisional> {
  return Provisional.open({ file, log, gate, environment: 'test', clock: Date.now, onFault: () => {} })
}

export const aKill = (flag: string, key: string): Kill => ({
  v: 1,
  action: 'kill',
  flags: [flag],
  receivedAt: '2026-11-21T03:00:00.000Z',
  actor: anActor('operator'),
  claim: noStep,
  request: { id: key, key, digest: key },
})
