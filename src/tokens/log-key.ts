// The key that checkpoints of the log are signed with: Ed25519, PKCS #8 in PEM. On the local store a first start makes it;
// where several instances sign for one log, it is given to all of them. Never logged, never sent.

import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { by, KillswitchError } from '../domain/errors.js'

const HOW = 'Make one with: openssl genpkey -algorithm ed25519 -out log.key'

/** Throws `configuration` where the file cannot be read or holds no such key. */
export async function readLogKey(file: string): Promise<KeyObject> {
  const text = await readFile(file, 'utf8').catch(error => {
    throw refused(file, `cannot be read: ${(error as Error).message}`)
  })
  try {
    const key = createPrivateKey(text)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    throw refused(file, 'is no private key in PEM')
  }
  throw refused(file, 'is a key, and not of Ed25519')
}

/** The key in the data directory, made where there is none. */
export async function ensureLogKey(dataDir: string): Promise<KeyObject> {
  const file = join(dataDir, 'log.key')
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const handle = await open(file, 'wx', 0o600).catch(error => {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw error
  })
  if (handle === undefined) return readLogKey(file)
  try {
    const { privateKey } = generateKeyPairSync('ed25519')
    await handle.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }))
    await handle.sync()
    return privateKey
  } finally {
    await handle.close()
  }
}

const refused = (file: string, why: string): KillswitchError =>
  new KillswitchError('configuration', `The key of the log, ${file}, ${why}.`, {
    wayOut: [by(`${HOW} (KILLSWITCH_LOG_KEY_FILE).`)],
  })
