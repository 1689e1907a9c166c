// The steps of OpenFeature's Gherkin suites and of the provider TCK, on the real OpenFeature SDK, our provider, and a
// service over HTTP.

import assert from 'node:assert/strict'
import {
  AsyncLocalStorageTransactionContextPropagator,
  type Client,
  type EvaluationContext,
  type EvaluationDetails,
  type EventDetails,
  type FlagValue,
  type Hook,
  OpenFeature,
  ProviderEvents,
} from '@openfeature/server-sdk'
import { KillswitchProvider } from '../../sdk/src/index.js'
import type { Step } from './gherkin.js'
import type { LiveService } from './live-service.js'

type Asked = { type: string; key: string; fallback: FlagValue }
const EVENTS: Record<string, ProviderEvents> = {
  ready: ProviderEvents.Ready,
  error: ProviderEvents.Error,
  stale: ProviderEvents.Stale,
  change: ProviderEvents.ConfigurationChanged,
}
let domains = 0
/** Nobody listens there, and nobody waits for long. */
const AWAY = { url: 'http://127.0.0.1:9', initTimeoutMs: 100 }

/** What one scenario has at hand. */
export class Stage {
  readonly service: LiveService
  readonly url: string
  provider: KillswitchProvider | undefined
  client: Client = OpenFeature.getClient('none')
  asked: Asked = { type: 'boolean', key: '', fallback: false }
  context: EvaluationContext = {}
  levels: Record<string, EvaluationContext> = {}
  order: string[] = []
  details: EvaluationDetails<FlagValue> | undefined
  remembered: FlagValue | undefined
  merged: EvaluationContext = {}
  hooks: Hook[] = []
  heard: Record<string, EventDetails[]> = {}
  called: [string, unknown][] = []
  thrown: unknown
  private waiting: (() => void)[] = []

  constructor(service: LiveService, url: string) {
    this.service = service
    this.url = url
  }

  async use(options: Record<string, unknown> = {}, wait = true): Promise<void> {
    const logger = { warn() {}, error() {} }
    this.provider = new KillswitchProvider({
      url: this.url,
      token: 'secret',
      app: 'app',
      cacheFile: false,
      logger,
      // no scenario is about it, and a busy machine may take its time
      initTimeoutMs: 60_000,
      ...options,
    })
    const domain = `conformance-${++domains}`
    this.client = OpenFeature.getClient(domain)
    if (wait) await OpenFeature.setProviderAndWait(domain, this.provider)
    else OpenFeature.setProvider(domain, this.provider)
  }

  /** Of one that knows nothing: whoever waits for it is told so. */
  async useInVain(options: Record<string, unknown>): Promise<void> {
    await assert.rejects(this.use(options))
  }

  listen(name: string): void {
    this.heard[name] = []
    this.client.addHandler(EVENTS[name] as ProviderEvents, details => {
      this.heard[name]?.push(details ?? ({} as EventDetails))
      for (const wake of this.waiting.splice(0)) wake()
    })
  }

  async hear(name: string): Promise<void> {
    while (this.heard[name]?.length === 0) await new Promise<void>(resolve => this.waiting.push(resolve))
  }

  async evaluate(options: { hooks?: Hook[] } = {}): Promise<void> {
    const { type, key, fallback } = this.asked
    const { client, context } = this
    if (type === 'boolean')
      this.details = await client.getBooleanDetails(key, fallback as boolean, context, options)
    else if (type === 'string')
      this.details = await client.getStringDetails(key, fallback as string, context, options)
    else if (type === 'object')
      this.details = await client.getObjectDetails(key, fallback as never, context, options)
    else this.details = await client.getNumberDetails(key, fallback as number, context, options)
  }

  async close(): Promise<void> {
    await this.provider?.onClose()
    OpenFeature.setContext({})
  }
}

function typed(type: string, text: string): FlagValue {
  const kind = type.toLowerCase()
  if (kind === 'boolean') return text === 'true'
  if (kind === 'integer' || kind === 'float') return Number(text)
  if (kind === 'object') return JSON.parse(text.replaceAll('\\"', '"')) as FlagValue
  return text
}

const kindOf = (type: string): string => (/integer|float/i.test(type) ? 'number' : type.toLowerCase())

const recording = (stage: Stage): Hook => ({
  before: () => void stage.called.push(['before', undefined]),
  after: (_context, details) => void stage.called.push(['after', details]),
  error: (_context, error) => void stage.called.push(['error', error]),
  finally: (_context, details) => void stage.called.push(['finally', details]),
})

type Play = (stage: Stage, match: string[], table: string[][]) => unknown
export const STEPS: [RegExp, Play][] = [
  [/^a stable provider$/, stage => stage.use()],
  [/^a not ready provider$/, stage => stage.use({ ...AWAY, initTimeoutMs: 60_000 }, false)],
  [
    /^a fatal provider$/,
    async stage => {
      await stage.useInVain({ token: 'wrong' })
      stage.listen('error')
      await stage.hear('error')
    },
  ],
  [
    /^a error provider$/,
    async stage => {
      await stage.useInVain(AWAY)
      stage.listen('error')
      await stage.hear('error')
    },
  ],
  [/^an? (?:unavailable) provider$/, stage => stage.useInVain(AWAY)],
  [
    /^a stale provider$/,
    async stage => {
      await stage.use()
      stage.listen('stale')
      await stage.service.stop()
      await stage.hear('stale')
    },
  ],
  [
    /^a stable provider with retrievable context is registered$/,
    async stage => {
      await stage.use()
      OpenFeature.setTransactionContextPropagator(new AsyncLocalStorageTransactionContextPropagator())
    },
  ],
  [/^an? (\w+) event handler$/, (stage, [name = '']) => stage.listen(name)],
  [
    /^the (\w+) event handler should have been executed(?: within \d+ms)?$/,
    (stage, [name = '']) => stage.hear(name),
  ],
  [
    /^a (\w+) event was fired$/,
    async (stage, [name = '']) => {
      await stage.hear(name)
      stage.heard[name] = []
    },
  ],
  [
    /^the client should be in (\w+) state$/,
    (stage, [state = '']) => assert.equal(stage.client.providerStatus, state.toUpperCase()),
  ],
  [
    /^the provider status should be "(.*)"$/,
    (stage, [state]) => assert.equal(stage.client.providerStatus, state),
  ],
  [/^the connection is lost$/, stage => stage.service.stop()],
  [/^the connection is restored$/, async stage => void (await stage.service.start())],
  [
    /^the provider is shut down$/,
    async stage => {
      try {
        await stage.provider?.onClose()
      } catch (error) {
        stage.thrown = error
      }
    },
  ],
  [/^the provider is initialized again$/, stage => stage.provider?.initialize()],
  [/^the shutdown should have completed within \d+ms$/, () => {}],
  [/^no exception should have been thrown$/, stage => assert.equal(stage.thrown, undefined)],
  [/^the provider metadata name should not be empty$/, stage => assert.ok(stage.provider?.metadata.name)],

  [
    /^an? (\w+)-flag with key "(.*)" and a (?:fallback|default) value "(.*)"$/,
    (stage, [type = '', key = '', fallback = '']) => {
      stage.asked = { type: kindOf(type), key, fallback: typed(type, fallback) }
    },
  ],
  [
    /^a context containing a key "(.*)", with type "(.*)" and with value "(.*)"$/,
    (stage, [key = '', type = '', value = '']) => {
      stage.context = { ...stage.context, [key]: typed(type, value) as string }
    },
  ],
  [
    /^a context containing a key "(.*)" with null value$/,
    (stage, [key = '']) => {
      stage.context = { ...stage.context, [key]: null }
    },
  ],
  [
    /^a context containing a targeting key with value "(.*)"$/,
    (stage, [targetingKey = '']) => {
      stage.context = { ...stage.context, targetingKey }
    },
  ],
  [/^the flag was evaluated with details(?: asynchronously)?$/, stage => stage.evaluate()],
  [/^the evaluation should complete without blocking$/, stage => assert.ok(stage.details)],
  [
    /^the resolved details value should be "(.*)"$/,
    (stage, [value = '']) => {
      const { type } = stage.asked
      assert.deepEqual(stage.details?.value, typed(type === 'number' ? 'float' : type, value))
    },
  ],
  [/^the reason should be "(.*)"$/, (stage, [reason]) => assert.equal(stage.details?.reason, reason)],
  [
    /^the error-code should be "(.*)"$/,
    (stage, [code]) => assert.equal(stage.details?.errorCode ?? '', code),
  ],
  [/^the error message should be empty$/, stage => assert.ok(!stage.details?.errorMessage)],
  [/^the variant should be "([^"]*)"$/, (stage, [variant]) => assert.equal(stage.details?.variant, variant)],
  [/^the flag key should be "(.*)"$/, (stage, [key]) => assert.equal(stage.details?.flagKey, key)],
  [
    /^the resolved metadata should contain$/,
    (stage, _, [, ...rows]) => {
      for (const [key = '', type = '', value = ''] of rows)
        assert.equal(stage.details?.flagMetadata[key], typed(type, value))
    },
  ],
  [
    /^the resolved object value should contain$/,
    (stage, _, [, ...rows]) => {
      for (const [key = '', type = '', value = ''] of rows)
        assert.equal(((stage.details?.value ?? {}) as Record<string, unknown>)[key], typed(type, value))
    },
  ],
  [
    /^the resolved value is remembered$/,
    stage => {
      stage.remembered = stage.details?.value
    },
  ],
  [
    /^the resolved details value should have changed$/,
    stage => assert.notEqual(stage.details?.value, stage.remembered),
  ],
  [
    /^the flag was modified$/,
    async stage => {
      await stage.service.until(() => stage.service.connected > 0)
      stage.service.kill(stage.asked.key)
    },
  ],
  [/^the change event handler should have been executed$/, stage => stage.hear('change')],
  [
    /^the flag should be part of the event payload$/,
    stage =>
      assert.ok(
        stage.heard.change?.some(({ flagsChanged }) =>
          (flagsChanged as string[] | undefined)?.includes(stage.asked.key),
        ),
      ),
  ],

  [/^a client with added hook$/, stage => stage.client.addHooks(recording(stage))],
  [
    /^the "(\w+)" hook should have been executed$/,
    (stage, [name]) => assert.ok(stage.called.some(([called]) => called === name)),
  ],
  [
    /^the "(.*)" hooks should be called with evaluation details$/,
    (stage, [names = ''], [, ...rows]) => {
      for (const name of names.split(', ')) {
        const details = stage.called.find(([called]) => called === name)?.[1] as Record<string, unknown>
        for (const [type = '', key = '', value = ''] of rows) {
          const member = key.replace(/_(\w)/, (_, letter: string) => letter.toUpperCase())
          assert.equal(details[member], value === 'null' ? undefined : typed(type, value), member)
        }
      }
    },
  ],
  [
    /^evaluation options containing specific hooks$/,
    stage => {
      stage.hooks = [recording(stage)]
    },
  ],
  [
    /^the flag was evaluated with details using the evaluation options$/,
    stage => stage.evaluate({ hooks: stage.hooks }),
  ],
  [/^the specified hooks should execute during evaluation$/, stage => assert.ok(stage.called.length > 0)],
  [
    /^the hook order should be maintained$/,
    stage =>
      assert.deepEqual(
        stage.called.map(([name]) => name),
        ['before', 'after', 'finally'],
      ),
  ],
  [
    /^an evaluation context with modifiable data$/,
    stage => {
      stage.context = { list: ['a'] }
    },
  ],
  [
    /^the original evaluation context should remain unmodified$/,
    stage => assert.deepEqual(stage.context, { list: ['a'] }),
  ],
  [
    /^the evaluation details should be immutable$/,
    stage => assert.ok(Object.isFrozen(stage.details?.flagMetadata)),
  ],

  [
    /^A context entry with key "(.*)" and value "(.*)" is added to the "(.*)" level$/,
    (stage, [key = '', value = '', level = '']) => {
      stage.levels[level] = { ...stage.levels[level], [key]: value }
    },
  ],
  [
    /^A table with levels of increasing precedence$/,
    (stage, _, rows) => {
      stage.order = rows.map(([level = '']) => level)
    },
  ],
  [
    /^Context entries for each level from API level down to the "(.*)" level, with key "(.*)" and value "(.*)"$/,
    (stage, [last = '', key = '']) => {
      for (const level of stage.order.slice(0, stage.order.indexOf(last) + 1))
        stage.levels[level] = { [key]: level }
    },
  ],
  [
    /^Some flag was evaluated$/,
    async stage => {
      const { levels, client } = stage
      OpenFeature.setContext(levels.API ?? {})
      client.setContext(levels.Client ?? {})
      const last: Hook = {
        before: () => levels['Before Hooks'],
        after: ({ context }) => {
          stage.merged = context
        },
      }
      await new Promise<void>((resolve, reject) => {
        OpenFeature.setTransactionContext(levels.Transaction ?? {}, () => {
          client
            .getBooleanValue('boolean-flag', false, levels.Invocation ?? {}, { hooks: [last] })
            .then(() => resolve(), reject)
        })
      })
    },
  ],
  [
    /^The merged context contains an entry with key "(.*)" and value "(.*)"$/,
    (stage, [key = '', value]) => assert.equal(stage.merged[key], value),
  ],
]

export async function play(stage: Stage, { text, table }: Step): Promise<void> {
  for (const [pattern, act] of STEPS) {
    const match = pattern.exec(text)
    if (match) return void (await act(stage, match.slice(1), table))
  }
  throw new Error(`no step for: ${text}`)
}
