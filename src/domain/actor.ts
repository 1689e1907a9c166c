// Who acts, and what a role may do. Actor and role come from the credential, never from a request's body.

/** From the lowest to the highest; each may what those before it may, but for `sdk`, which stands apart. */
export const ROLES = ['sdk', 'viewer', 'operator', 'engineer', 'coordinator', 'owner'] as const
export type Role = (typeof ROLES)[number]

/** `service`: the service itself, as when it publishes its catalogue. */
export const VIAS = ['api', 'cli', 'console', 'service'] as const
export type Via = (typeof VIAS)[number]

export type Actor = {
  id: string
  role: Role
  via: Via
  /** A credential that may do nothing but kill. */
  only?: 'kill'
  /** The applications an `sdk` token is bound to; all, where absent. */
  apps?: readonly string[]
}

/** Whether `role` stands at or above `needed`. An `sdk` credential reaches no role but its own. */
export function reaches(role: Role, needed: Role): boolean {
  if (role === 'sdk' || needed === 'sdk') return role === needed
  return ROLES.indexOf(role) >= ROLES.indexOf(needed)
}
