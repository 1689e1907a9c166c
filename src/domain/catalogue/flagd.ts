// The flags as a flagd daemon reads them. Always ENABLED: a disabled flag gives each caller its own default, and a kill
// would be none. A held flag has no targeting, and its kill variant is the default.

import type { FlagdDocument } from '../../wire/ofrep.js'
import { type FlagState, isKilled, type State } from '../state.js'

/** Limited to the applications given; all, where undefined. */
export function flagdDocument(
  state: State,
  apps: readonly string[] | undefined,
  environment: string,
): FlagdDocument {
  const flags = [...state.flags].filter(([, flag]) => apps?.includes(flag.definition.application) ?? true)
  return {
    $schema: 'https://flagd.dev/schema/v0/flags.json',
    flags: Object.fromEntries(flags.map(([key, flag]) => [key, flagdFlag(flag)])),
    metadata: {
      flagSetId: apps?.join() ?? environment,
      environment,
      revision: state.revision,
      log: state.log ?? '',
    },
  }
}

/** Without the revision in its metadata: flagd tells its clients of every flag that differs, and only these have. */
function flagdFlag(flag: FlagState): FlagdDocument['flags'][string] {
  const { variants, defaultVariant, killVariant, targeting, metadata } = flag.definition
  const [oldest] = flag.holds
  return {
    state: 'ENABLED',
    variants,
    defaultVariant: isKilled(flag) ? killVariant : defaultVariant,
    ...(isKilled(flag) || targeting === undefined ? {} : { targeting }),
    metadata: {
      ...metadata,
      killed: isKilled(flag),
      ...(oldest === undefined ? {} : { since: oldest.since, hold: oldest.id }),
      ...(oldest?.incident === undefined ? {} : { incident: oldest.incident }),
    },
  }
}
