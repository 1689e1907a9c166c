// A tokens file of a test's own, so that its tokens outlive a data directory.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { newToken, sha256 } from '../../src/tokens/first-start.js'
import { ROLES, type Role } from '../../src/wire/words.js'
import { type Teardown, testdir } from './testdir.js'

/** One token per role. */
export function tokensFile(t: Teardown): { file: string; tokens: Record<Role, string> } {
  const tokens = Object.fromEntries(ROLES.map(role => [role, newToken(role)])) as Record<Role, string>
  const file = join(testdir(t), 'tokens.yaml')
  const list = ROLES.map(role => ({ id: role, role, sha256: sha256(tokens[role]) }))
  writeFileSync(file, stringify(list), { mode: 0o600 })
  return { file, tokens }
}
