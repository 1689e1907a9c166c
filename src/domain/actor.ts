// Who acts, and what a role may do. Actor and role come from the credential, never from a request's body.

import { type Limit, ROLES, type Role, type Via } from '../wire/words.js'

export type Actor = {
  id: string
  role: Role
  via: Via
  /** All that the credential may do. */
  only?: Limit
  /** The applications an `sdk` token is bound to; all, where absent. */
  apps?: readonly string[]
}

/** Whether `role` stands at or above `needed`. An `sdk` credential reaches no role but its own. */
export function reaches(role: Role, needed: Role): boolean {
  if (role === 'sdk' || needed === 'sdk') return role === needed
  return ROLES.indexOf(role) >= ROLES.indexOf(needed)
}
