// The gate with what it stands on: a real journal and local store in a folder of its own, a catalogue of two flags.

import type { Actor } from '../../src/domain/actor.js'
import { open, type SealedEntry } from '../../src/domain/audit.js'
import type { FlagDefinition } from '../../src/domain/flag.js'
import { decideKill, decideRestore, type RestoreCommand } from '../../src/domain/flip.js'
import { isKilled, type State } from '../../src/domain/state.js'
import { decideStepRun } from '../../src/domain/step-run.js'
import { Log } from '../../src/log/follow/known-log.js'
import type { Accepted } from '../../src/log/gate/batch.js'
import { Gate } from '../../src/log/gate/gate.js'
import type { Disk } from '../../src/log/journal/disk.js'
import { Journal } from '../../src/log/journal/journal.js'
import { LocalStore } from '../../src/log/stores/local/store.js'
import type { Store } from '../../src/log/stores/store.js'
import { collect } from './collect.js'
import { aCatalogue, aFlag, anActor, loaded, noStep } from './domain.js'
import { FaultyStore } from './faulty-store.js'
import { type Teardown, testdir } from './testdir.js'

export type Rig = {
  folder: string
  journal: Journal
  log: Log
  store: FaultyStore
  gate: Gate
  faults: unknown[]
  kill: (flag: string, key: string, given?: { actor?: Actor; incident?: string }) => Promise<Accepted>
  run: (flags: string[], key: string) => Promise<Accepted>
  restore: (flag: string, key: string, given?: Partial<RestoreCommand>) => Promise<Accepted>
  isKilled: (flag: string) => boolean
  entries: () => Promise<SealedEntry[]>
  close: () => Promise<void>
}

type Given = {
  folder?: string
  disk?: Disk
  flags?: FlagDefinition[]
  beside?: Store
  kind?: Store['kind']
  random?: () => number
  segmentBytes?: number
}

/** `beside`: another store than the journal itself, as Redis is; opened on a folder of its own by the caller. */
export async function aGate(t: Teardown, given: Given = {}): Promise<Rig> {
  const folder = given.folder ?? testdir(t)
  const { disk, segmentBytes } = given
  const journal = await Journal.open({
    folder,
    ...(disk ? { disk } : {}),
    ...(segmentBytes ? { segmentBytes } : {}),
  })
  const faults: unknown[] = []
  const log = await Log.open(journal, error => faults.push(error))
  const store = new FaultyStore(given.beside ?? new LocalStore(journal), given.kind)
  const gate = new Gate({
    log,
    store,
    environment: 'test',
    clock: Date.now,
    random: given.random ?? (() => 0),
  })
  if (log.state.catalogue === undefined) {
    const draft = loaded(aCatalogue(...(given.flags ?? [aFlag('ai_v1'), aFlag('kyc_v1')])))
    const ask = { priority: 'note' as const, actor: 'killswitch', key: 'load', digest: '' }
    await gate.submit({ ...ask, decide: () => ({ drafts: [draft] }) })
  }
  let isOpen = true
  const close = async () => {
    if (!isOpen) return
    isOpen = false
    await gate.close()
    await log.close()
  }
  t.after(close)
  const request = (key: string, digest: string) => ({ id: `request of ${key}`, key, digest })
  return {
    folder,
    journal,
    log,
    store,
    gate,
    faults,
    close,
    kill: (flag, key, { actor = anActor('operator'), incident } = {}) =>
      gate.submit({
        priority: 'kill',
        actor: actor.id,
        key,
        digest: `kill ${flag}`,
        decide: (state, now) =>
          decideKill(
            state,
            {
              flag,
              actor,
              request: request(key, `kill ${flag}`),
              claim: noStep,
              ...(incident === undefined ? {} : { incident }),
            },
            now,
          ),
      }),
    run: (flags, key) => {
      const actor = anActor('operator')
      const digest = `run ${flags.join()}`
      const command = { flags, actor, request: request(key, digest), claim: noStep }
      const decide = (state: State, now: number) => decideStepRun(state, command, now)
      return gate.submit({ priority: 'kill', actor: actor.id, key, digest, decide })
    },
    restore: (flag, key, command = {}) => {
      const actor = command.actor ?? anActor('engineer')
      const present = log.state.flags.get(flag)?.holds.map(hold => hold.id) ?? []
      return gate.submit({
        priority: 'flip',
        actor: actor.id,
        key,
        digest: `restore ${flag}`,
        decide: (state, now) =>
          decideRestore(
            state,
            {
              flag,
              request: request(key, `restore ${flag}`),
              claim: noStep,
              present,
              reason: 'well',
              ...command,
              actor,
            },
            now,
          ),
      })
    },
    isKilled: flag => {
      const state = log.state.flags.get(flag)
      return state !== undefined && isKilled(state)
    },
    entries: async () => (await collect(journal.lines())).map(open),
  }
}
