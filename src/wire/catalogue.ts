// The catalogue: all definitions with their runbooks, as one document with a digest. It is an entry of the log, so that
// every instance serves the same one, whatever files it has.

import { type Static, Type } from 'typebox'
import { choice, metadata, onStale, ref, targeting, variants } from './members.js'
import { ROLES } from './words.js'

/**
 * One definition, checked and complete (defaults filled in). What flagd would read is `state`, `variants`,
 * `defaultVariant`, `targeting` and `metadata`; the rest is lifted out of `metadata`.
 */
export const FlagDefinition = Type.Object(
  {
    key: Type.String(),
    application: Type.String(),
    variants,
    defaultVariant: Type.String(),
    targeting: Type.Optional(targeting),
    killVariant: Type.String(),
    description: Type.String(),
    owner: Type.String(),
    effect: Type.String({ description: 'What a kill does to work in progress' }),
    killLabel: Type.String(),
    restoreLabel: Type.String(),
    killRole: choice(ROLES),
    restoreRole: choice(ROLES),
    staleAfterSeconds: Type.Optional(
      Type.Number({ description: 'After so long without contact `onStale` holds; absent: never' }),
    ),
    onStale,
    message: Type.Optional(
      Type.String({ description: 'What a guarded route tells a caller while the flag is killed' }),
    ),
    metadata,
  },
  { $id: 'FlagDefinition' },
)
export type FlagDefinition = Static<typeof FlagDefinition>

const file = { file: Type.String(), line: Type.Integer() }
export const StepLink = Type.Object(
  {
    step: Type.String({ description: 'Any unambiguous name of the step' }),
    flag: Type.String(),
    direction: choice(['kill', 'restore']),
    condition: Type.Optional(Type.String()),
    ...file,
  },
  { $id: 'StepLink', description: "An explicit link where the runbook's text names no flag" },
)
export type StepLink = Static<typeof StepLink>

export const RunbookSource = Type.Object(
  {
    id: Type.String({ description: "The file's name without .md" }),
    application: Type.Optional(Type.String()),
    source: Type.String(),
    digest: Type.String({ description: "SHA-256 of the source's bytes, hex" }),
    encoding: Type.Optional(
      Type.String({
        description:
          'What the file was saved as, where that is not UTF-8: Windows-1252, or a PDF where it holds no text',
      }),
    ),
  },
  { $id: 'RunbookSource' },
)
export type RunbookSource = Static<typeof RunbookSource>

export const Application = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    runbook: Type.Optional(Type.String()),
    forgetAfterHours: Type.Optional(
      Type.Integer({ description: 'How long a lost app instance is waited for; 24 where it is not said' }),
    ),
  },
  { $id: 'Application' },
)
export type Application = Static<typeof Application>

const digest = Type.String({
  description: 'SHA-256, hex, over applications, flags, links and runbooks as serialised',
})
export const CatalogueDocument = Type.Object(
  {
    digest,
    applications: Type.Array(ref(Application)),
    flags: Type.Array(ref(FlagDefinition)),
    links: Type.Array(ref(StepLink)),
    runbooks: Type.Array(ref(RunbookSource)),
  },
  { $id: 'CatalogueDocument' },
)
export type CatalogueDocument = Static<typeof CatalogueDocument>

const counted = {
  id: Type.String(),
  steps: Type.Optional(
    Type.Integer({ description: 'How many steps it has; absent where that was not read' }),
  ),
}
const short = Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Boolean()]))
export const CatalogueChange = Type.Object(
  {
    flags: Type.Object({
      added: Type.Array(Type.String()),
      removed: Type.Array(Type.String()),
      changed: Type.Array(
        Type.Object({
          flag: Type.String(),
          members: Type.Array(
            Type.Object(
              { name: Type.String(), was: short, now: short },
              { description: 'A member of the definition; its values where they are short' },
            ),
          ),
        }),
      ),
    }),
    runbooks: Type.Object({
      added: Type.Array(Type.Object(counted)),
      removed: Type.Array(Type.Object(counted)),
      changed: Type.Array(
        Type.Object({
          ...counted,
          before: Type.Optional(Type.Integer({ description: 'How many steps it had' })),
        }),
      ),
    }),
    others: Type.Array(choice(['applications', 'links']), { description: 'What else changed' }),
  },
  { $id: 'CatalogueChange', description: 'What a catalogue changed against the one before it' },
)
export type CatalogueChange = Static<typeof CatalogueChange>

/** As pages of the log show it; whole it is on the page of its own entry. */
export const CatalogueSummary = Type.Object(
  {
    digest,
    flags: Type.Array(Type.String()),
    runbooks: Type.Array(Type.Object({ id: Type.String(), digest: Type.String() })),
  },
  { $id: 'CatalogueSummary' },
)
export type CatalogueSummary = Static<typeof CatalogueSummary>
