// kill -9 in the middle of flips, many times: of a process that has the journal, the gate and the local store, and starts in
// a fraction of the service's time (flipper.ts). What it said to be done is in the log once, and the log verifies.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { LogKeys } from '../../../src/domain/log/log-keys.js'
import { ensureLogKeys } from '../../../src/tokens/log-key.js'
import { randomFrom } from '../../support/entries.js'
import { aGate } from '../../support/gate.js'
import { type Teardown, testdir } from '../../support/testdir.js'
import { until } from '../../support/until.js'
import { check, type Violation } from '../check.js'
import { fateOf, newHistory, type Operation } from '../history.js'
import { tearJournal } from './debris.js'
import type { Scenario } from './scenario.js'

const FLIPPER = fileURLToPath(new URL('./flipper.js', import.meta.url))

export const CRASH_CORE: Scenario = {
  name: 'crash-core',
  what: 'kill -9 of journal and gate in the middle of flips, torn tails',
  rounds: { bulk: 500, world: 50, test: 5 },
  async run(t, { seed, rounds }) {
    const random = randomFrom(seed)
    const folder = testdir(t)
    const operations = new Map<string, Operation>()
    const ready: number[] = []
    const violations: Violation[] = []
    for (let round = 0; round < rounds; round++) {
      const flipper = new Flipper(t, folder, round, operations)
      const enough = 1 + Math.floor(random() * 40)
      await until(() => flipper.done >= enough, 'some flips', 180_000)
      await flipper.kill()
      ready.push(flipper.readyMs)
      tearJournal(folder, random)
      violations.push(...(await judge(t, folder, operations, round)))
    }
    const all = [...operations.values()]
    return {
      violations,
      times: { 'journal open and folded': ready },
      counts: { acknowledged: all.filter(each => fateOf(each) === 'acknowledged').length, sent: all.length },
    }
  },
}

/** The process, and what it says, as operations of a history. */
class Flipper {
  done = 0
  readyMs = 0
  readonly #child: ChildProcess
  readonly #said: Promise<unknown>

  constructor(t: Teardown, folder: string, round: number, operations: Map<string, Operation>) {
    const child = spawn(process.execPath, [FLIPPER, folder, String(round)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    t.after(() => this.kill())
    const lines = createInterface({ input: child.stdout })
    this.#said = once(lines, 'close')
    lines.on('line', line => {
      const [word, ...rest] = line.split(' ')
      if (word === 'ready') this.readyMs = Number(rest[0])
      else if (word === 'sent') sent(operations, rest)
      // the last line may be torn as well: half a place would be another one
      else if (word === 'done' && /^done \S+ \d+$/.test(line)) this.#take(operations, rest)
    })
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#said
  }

  #take(operations: Map<string, Operation>, [key = '', place]: string[]): void {
    const operation = operations.get(key)
    if (operation === undefined) return
    this.done++
    operation.attempts = [attempt(200, Number(place))]
  }
}

function sent(
  operations: Map<string, Operation>,
  [kind, flag = '', incident = '', key = '']: string[],
): void {
  operations.set(key, {
    kind: kind as Operation['kind'],
    actor: kind === 'kill' ? 'operator' : 'engineer',
    key,
    flag,
    incident,
    seen: 0,
    attempts: [attempt(0)],
  })
}

const attempt = (status: number, place?: number): Operation['attempts'][number] => ({
  instance: 0,
  sentMs: performance.now(),
  answeredMs: performance.now(),
  status,
  wasUp: false,
  during: 'crash',
  ...(place === undefined ? {} : { place }),
})

/** Opens what the crash left, as a start does: the model looks at the lines, and at what the service makes of them. */
async function judge(
  t: Teardown,
  folder: string,
  operations: ReadonlyMap<string, Operation>,
  round: number,
): Promise<Violation[]> {
  const keys = new LogKeys(await ensureLogKeys(folder))
  const rig = await aGate(t, { folder, keys })
  const lines = (await rig.entries()).map(({ line }) => line)
  const flags = ['ai_v1', 'kyc_v1'].filter(flag => rig.isKilled(flag))
  await rig.close()
  const history = { ...newHistory(), operations: [...operations.values()] }
  const ending = { lines, journals: [], killed: [{ who: 'the service', flags }], resolved: new Map() }
  return check(history, { ...ending, restarted: true }).map(({ invariant, detail }) => ({
    invariant,
    detail: `${detail} (round ${round})`,
  }))
}
