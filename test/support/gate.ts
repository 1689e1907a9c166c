// The gate with what it stands on: the log opened as the service opens it, on a real journal and local store in a folder of
// its own, with a catalogue of two flags. Follows nothing, so that a test says what happens when.

import { generateKeyPairSync } from 'node:crypto'
import type { Actor } from '../../src/domain/actor.js'
import { decideRestore, type RestoreCommand } from '../../src/domain/flip/flip.js'
import { decideKill, type Kill } from '../../src/domain/flip/kill.js'
import { open, type SealedEntry } from '../../src/domain/log/audit.js'
import { LogKeys } from '../../src/domain/log/log-keys.js'
import { isKilled } from '../../src/domain/state.js'
import type { KnownLog } from '../../src/log/follow/known-log.js'
import type { Accepted } from '../../src/log/gate/batch.js'
import type { Gate } from '../../src/log/gate/gate.js'
import type { Disk } from '../../src/log/journal/disk.js'
import type { Journal } from '../../src/log/journal/journal.js'
import { openLog } from '../../src/log/open-log.js'
import { LocalStore } from '../../src/log/stores/local/store.js'
import type { Store } from '../../src/log/stores/store.js'
import type { FlagDefinition } from '../../src/wire/catalogue.js'
import { collect } from './collect.js'
import { aCatalogue, aFlag, anActor, killOf, loaded, noStep } from './domain.js'
import { FaultyStore } from './faulty-store.js'
import { type Teardown, testdir } from './testdir.js'

/** Every rig has the same key, as the instances of a service do. */
export const KEYS = new LogKeys([generateKeyPairSync('ed25519').privateKey])

export type Rig = {
  folder: string
  journal: Journal
  log: KnownLog
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
  /** Those of all rigs, if absent: what they write is signed. */
  keys?: LogKeys
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
  const faults: unknown[] = []
  const { disk, segmentBytes, random = () => 0 } = given
  const opened = await openLog({
    folder,
    environment: 'test',
    random,
    keys: async () => given.keys ?? KEYS,
    store: journal => new FaultyStore(given.beside ?? new LocalStore(journal), given.kind),
    logger: { info: () => {}, warn: () => {}, error: ({ err }: { err?: unknown }) => faults.push(err) },
    ...(disk ? { disk } : {}),
    ...(segmentBytes ? { segmentBytes } : {}),
  })
  const { journal, log, gate } = opened.parts
  if (log.state.catalogue === undefined) {
    const draft = loaded(aCatalogue(...(given.flags ?? [aFlag('ai_v1'), aFlag('kyc_v1')])))
    const ask = { priority: 'note' as const, actor: 'killswitch', key: 'load', digest: '' }
    await gate.submit({ ...ask, decide: () => ({ drafts: [draft] }) })
  }
  let isOpen = true
  const close = async () => {
    if (!isOpen) return
    isOpen = false
    await opened.close()
  }
  t.after(close)
  const request = (key: string, digest: string) => ({ id: `request of ${key}`, key, digest })
  const submit = (kill: Kill) => {
    const { actor, request } = kill
    const ask = { priority: 'kill' as const, actor: actor.id, key: request.key, digest: request.digest }
    return gate.submit({
      ...ask,
      decide: (state, now) => decideKill(state, { ...kill, receivedAt: new Date(now).toISOString() }),
    })
  }
  return {
    folder,
    journal,
    log,
    store: opened.parts.store as FaultyStore,
    gate,
    faults,
    close,
    kill: (flag, key, { actor = anActor('operator'), incident } = {}) =>
      submit(
        killOf(flag, {
          actor,
          request: request(key, `kill ${flag}`),
          ...(incident === undefined ? {} : { incident }),
        }),
      ),
    run: (flags, key) => submit(killOf('', { flags, request: request(key, `run ${flags.join()}`) })),
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
