// A first start without a tokens file makes one token per role in the data directory, so that one command runs the whole
// thing on a laptop. They are marked shared: the log says so of everybody who uses them.

import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { ROLES, type Role } from '../wire/words.js'

export type FirstStart = { file: string; folder: string; created?: Record<Role, string> }

export const newToken = (id: string): string => `ks_${id}_${randomBytes(32).toString('base64url')}`
export const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex')

const FILE = 'tokens.yaml'

/** Whether a start has made its tokens in this data directory before. */
export const areMade = (dataDir: string): Promise<boolean> => exists(join(dataDir, FILE))

/** The tokens file in the data directory, made with its tokens where it is not there yet. */
export async function ensureTokens(dataDir: string): Promise<FirstStart> {
  const file = join(dataDir, FILE)
  const folder = join(dataDir, 'tokens')
  if (await exists(file)) return { file, folder }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const created = Object.fromEntries(ROLES.map(role => [role, newToken(role)])) as Record<Role, string>
  for (const role of ROLES) await writeFile(join(folder, role), created[role], { mode: 0o600 })
  const list = ROLES.map(role => ({
    id: `shared-${role}`,
    role,
    sha256: sha256(created[role]),
    note: 'shared: made by the first start',
  }))
  await writeFile(
    file,
    `# Made by the first start of the service. The tokens themselves are in tokens/.\n${stringify(list)}`,
    { mode: 0o600, flag: 'wx' },
  )
  return { file, folder, created }
}

const exists = (file: string): Promise<boolean> =>
  readFile(file).then(
    () => true,
    error => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw error
    },
  )
