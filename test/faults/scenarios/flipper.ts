// A process that does nothing but flip, on the real journal, gate and local store, until it is killed: says `sent` before
// and `done` after each flip, so that another process knows what it acknowledged. Starts in a fraction of a service's time.
//   node .build/test/faults/scenarios/flipper.js <folder> <round>

import { LogKeys } from '../../../src/domain/log/log-keys.js'
import { ensureLogKeys } from '../../../src/tokens/log-key.js'
import { aGate } from '../../support/gate.js'

const [folder = '', round = ''] = process.argv.slice(2)
const WRITERS = 8
/** Small, so that crashes meet the change from one segment to the next. */
const SEGMENT_BYTES = 24 * 1024

const opened = performance.now()
const keys = new LogKeys(await ensureLogKeys(folder))
const rig = await aGate({ after: () => {} }, { folder, segmentBytes: SEGMENT_BYTES, keys })
const say = (...words: (string | number)[]) => process.stdout.write(`${words.join(' ')}\n`)
say('ready', Math.round(performance.now() - opened))

async function write(number: number): Promise<never> {
  for (let turn = 0; ; turn++) {
    const incident = `INC-${round}-${number}-${turn}`
    const flag = turn % 2 === 0 ? 'ai_v1' : 'kyc_v1'
    const key = `${round}-${number}-${turn}`
    say('sent', 'kill', flag, incident, key)
    const { places } = await rig.kill(flag, key, { incident })
    say('done', key, places[0] as number)
    if (turn % 3 === 0) continue
    say('sent', 'restore', flag, incident, `${key}-r`)
    const restored = await rig.restore(flag, `${key}-r`, { incident })
    say('done', `${key}-r`, restored.places[0] as number)
    if (turn % 20 === 0) await rig.log.checkpoint(true)
  }
}

for (let number = 0; number < WRITERS; number++) void write(number)
