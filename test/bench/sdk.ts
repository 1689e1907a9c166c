// What an evaluation costs, as ratios to a floor measured in the same run: isKilled to a Map lookup, and our provider
// through the OpenFeature client to a provider that only reads a Map.

import { OpenFeature, type Provider, type ResolutionDetails } from '@openfeature/server-sdk'
import { fakeKillswitch } from '../../sdk/src/testing.js'
import { type Figure, median as medianOf } from './figures.js'

const KEYS = Array.from({ length: 64 }, (_, n) => `flag-${n}`)
const ROUNDS = 15

class MapProvider implements Provider {
  readonly metadata = { name: 'map' }
  readonly runsOn = 'server'
  private readonly map: Map<string, ResolutionDetails<boolean>>

  constructor(map: Map<string, ResolutionDetails<boolean>>) {
    this.map = map
  }

  async resolveBooleanEvaluation(key: string): Promise<ResolutionDetails<boolean>> {
    return this.map.get(key) as ResolutionDetails<boolean>
  }

  resolveStringEvaluation = unasked
  resolveNumberEvaluation = unasked
  resolveObjectEvaluation = unasked
}

function unasked(): never {
  throw new Error('the benchmark asks for booleans alone')
}

/** Floor and ours in turns, so that a slow moment hits both; the median of the rounds' ratios. */
async function compare(name: string, limit: number, floor: Act, ours: Act): Promise<Figure> {
  await floor()
  await ours()
  const rounds: { floor: number; ours: number }[] = []
  for (let round = 0; round < ROUNDS; round++) rounds.push({ floor: await floor(), ours: await ours() })
  const median = (of: (round: { floor: number; ours: number }) => number) => medianOf(rounds.map(of))
  const ratio = median(round => round.ours / round.floor)
  const [below, above] = [median(round => round.floor), median(round => round.ours)]
  return { name, unit: 'ns', floor: below, ours: above, ratio, limit }
}

/** Nanoseconds per call. */
type Act = () => Promise<number>

const synchronous =
  (calls: number, ask: (key: string) => boolean): Act =>
  async () => {
    let trues = 0
    const begin = process.hrtime.bigint()
    for (let call = 0; call < calls; call++) if (ask(KEYS[call & 63] as string)) trues++
    const ns = Number(process.hrtime.bigint() - begin) / calls
    if (trues < 0) throw new Error('unreachable')
    return ns
  }

const asynchronous =
  (calls: number, ask: (key: string) => Promise<boolean>): Act =>
  async () => {
    const begin = process.hrtime.bigint()
    for (let call = 0; call < calls; call++) await ask(KEYS[call & 63] as string)
    return Number(process.hrtime.bigint() - begin) / calls
  }

export async function run(): Promise<Figure[]> {
  const fake = fakeKillswitch(Object.fromEntries(KEYS.map(key => [key, true])))
  const { killswitch, provider } = fake
  const killed = new Map(KEYS.map(key => [key, { killed: false }]))
  const answers = new Map(
    KEYS.map(key => [
      key,
      {
        value: true,
        variant: 'normal',
        reason: 'STATIC',
        flagMetadata: { revision: 1, log: 'fake', killed: false },
      },
    ]),
  )
  await OpenFeature.setProviderAndWait('bench-floor', new MapProvider(answers))
  await OpenFeature.setProviderAndWait('bench-ours', provider)
  const floor = OpenFeature.getClient('bench-floor')
  const ours = OpenFeature.getClient('bench-ours')
  return [
    await compare(
      'isKilled to a Map lookup',
      2,
      synchronous(2_000_000, key => killed.get(key)?.killed === true),
      synchronous(2_000_000, key => killswitch.isKilled(key)),
    ),
    await compare(
      'OpenFeature client, ours to a provider that reads a Map',
      1.05,
      asynchronous(20_000, key => floor.getBooleanValue(key, false)),
      asynchronous(20_000, key => ours.getBooleanValue(key, false)),
    ),
  ]
}
