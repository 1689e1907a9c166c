// The filter of a question to the log, as its query has it.

import { isIP } from 'node:net'
import { badInput, by } from '../../domain/errors.js'
import type { AuditFilter } from '../../domain/log/audit-query.js'
import { plainAddress } from '../plumbing/forwarded.js'

/** Throws `malformed-request` for an address that is none: no entry could have it. */
export function filterOf(query: object): AuditFilter {
  const filter = query as AuditFilter & { ip?: readonly string[] }
  if (filter.ip === undefined) return filter
  return { ...filter, ip: filter.ip.map(addressOf) }
}

function addressOf(given: string): string {
  const address = plainAddress(given.trim())
  if (isIP(address) !== 0) return address.toLowerCase()
  throw badInput(
    { in: 'query', path: 'query.ip', rule: 'format', problem: 'is no IP address' },
    `ip ${JSON.stringify(given)} is no IP address.`,
    by('Give one as the log has it, such as 192.0.2.7 or 2001:db8::1.'),
  )
}
