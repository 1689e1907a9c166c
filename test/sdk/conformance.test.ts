// OpenFeature's own Gherkin suites and the draft provider TCK, run from the shared folder where there is one. What is
// not run is said, each with its reason.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { SnapshotFlag } from '../../src/wire/snapshot.js'
import { play, Stage } from './conformance-steps.js'
import { readFeature } from './gherkin.js'
import { LiveService } from './live-service.js'

const shared =
  process.env.KILLSWITCH_SHARED_DIR ?? fileURLToPath(new URL('../../../../shared', import.meta.url))
const conformance = join(shared, 'conformance')
const SUITES = [
  { folder: 'openfeature-spec/gherkin', flags: 'openfeature-spec/gherkin/test-flags.json' },
  { folder: 'provider-tck/gherkin', flags: 'provider-tck/flags/canonical-flags.json' },
]

/** Tags of what a protective flag does not have, or the SDK under us does not do. */
const SKIPPED: [string, string][] = [
  ['@deprecated', 'the steps of the suite before evaluation_v2, which covers the same'],
  ['@reason-codes-cached', 'resolutions are in this process; none is a cached answer'],
  ['@reason-codes-disabled', 'a protective flag is never DISABLED: that would give the caller its default'],
  ['@disabled-flags', 'a protective flag is never DISABLED: that would give the caller its default'],
  ['@numeric-coercion', 'a JavaScript number has no integer type to refuse a fraction with'],
]
const SKIPPED_NAMES: [RegExp, string][] = [
  [/^Returns no metadata/, 'every resolution carries at least revision, log and killed'],
]

const alive = setInterval(() => {}, 1000)
t.teardown(() => clearInterval(alive))

const CEL: Record<string, object> = {
  "email == 'ballmer@macrosoft.com' ? 'zero' : ''": {
    if: [{ '==': [{ var: 'email' }, 'ballmer@macrosoft.com'] }, 'zero', null],
  },
  "!customer && email == 'ballmer@macrosoft.com' && age > 10 ? 'internal' : ''": {
    if: [
      {
        and: [
          { '!': [{ var: 'customer' }] },
          { '==': [{ var: 'email' }, 'ballmer@macrosoft.com'] },
          { '>': [{ var: 'age' }, 10] },
        ],
      },
      'internal',
      null,
    ],
  },
}

type Document = {
  variants: SnapshotFlag['variants']
  defaultVariant?: string | null
  targeting?: object
  contextEvaluator?: string
  flagMetadata?: SnapshotFlag['metadata'] | null
}

function define(service: LiveService, path: string): void {
  const text = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Document> & {
    flags?: Record<string, Document>
  }
  for (const [key, flag] of Object.entries(text.flags ?? text)) {
    const { variants, defaultVariant, contextEvaluator } = flag
    if (!defaultVariant) continue
    const killVariant = Object.keys(variants).find(name => name !== defaultVariant) ?? defaultVariant
    const targeting = (flag.targeting ?? (contextEvaluator && CEL[contextEvaluator])) as
      | Record<string, unknown>
      | undefined
    const metadata = flag.flagMetadata ?? {}
    service.define(key, {
      variants,
      defaultVariant,
      killVariant,
      metadata,
      ...(targeting ? { targeting } : {}),
    })
  }
}

const reasonToSkip = (tags: string[], name: string): string | undefined =>
  SKIPPED.find(([tag]) => tags.includes(tag))?.[1] ??
  SKIPPED_NAMES.find(([pattern]) => pattern.test(name))?.[1]

for (const { folder, flags } of SUITES) {
  const path = join(conformance, folder)
  if (!existsSync(path)) {
    t.test(
      `${folder}: the shared conformance folder is not here`,
      {
        skip: `no ${folder} (KILLSWITCH_SHARED_DIR)`,
      },
      async () => {},
    )
    continue
  }
  for (const file of readdirSync(path).filter(name => name.endsWith('.feature'))) {
    for (const { name, tags, steps } of readFeature(join(path, file))) {
      const skip = reasonToSkip(tags, name)
      t.test(`${file}: ${name}`, skip === undefined ? {} : { skip }, async () => {
        const service = new LiveService()
        define(service, join(conformance, flags))
        const stage = new Stage(service, await service.start())
        try {
          for (const step of steps) await play(stage, step)
        } finally {
          await stage.close()
          await service.stop()
        }
      })
    }
  }
}
