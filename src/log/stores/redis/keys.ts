// The names of the service's keys in Redis. All carry the environment in one hash tag: Redis Cluster keeps them on one
// node, and staging never meets production.

import { by, KillswitchError } from '../../../domain/errors.js'

export type Keys = {
  /** A stream: id `<epoch>-<seq>`, fields `line` (the exact bytes) and `hash`. Its last entry is the head. Never trimmed. */
  log: string
  /** A hash: flag key -> state as JSON, after the last entry. */
  flags: string
  /** A hash: `run_id` of the server on which the log's epoch was opened; `flags`, how many the hash above has. */
  meta: string
  /** Of a log that is signed: what `meta` held before. Then `meta` is a stream, past which no older instance writes. */
  about: string
  /** A hash: soft records (receipts), the newest of each app instance. */
  shared: string
  /** A stream of those records as they come, for the other instances of the service; trimmed. */
  sharing: string
  /** What stood in the place of log, flags, meta or about and was moved aside when it was mended: the newest of each, as it was. */
  damagedLog: string
  damagedFlags: string
  damagedMeta: string
  damagedAbout: string
}

export function keysOf(environment: string): Keys {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(environment)) {
    throw new KillswitchError(
      'configuration',
      `"${environment}" cannot name an environment: it becomes part of the names of keys.`,
      { wayOut: [by('Use up to 64 letters, digits, "_", "." and "-", the first a letter or digit.')] },
    )
  }
  const prefix = `killswitch:{${environment}}:`
  return {
    log: `${prefix}log`,
    flags: `${prefix}flags`,
    meta: `${prefix}meta`,
    about: `${prefix}about`,
    shared: `${prefix}shared`,
    sharing: `${prefix}sharing`,
    damagedLog: `${prefix}damaged:log`,
    damagedFlags: `${prefix}damaged:flags`,
    damagedMeta: `${prefix}damaged:meta`,
    damagedAbout: `${prefix}damaged:about`,
  }
}
