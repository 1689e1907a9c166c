// The keys that the log is signed with: Ed25519 in PEM, private ones as PKCS #8. On the local store a first start makes one;
// where several instances sign for one log, all of them are given the same. Never logged, never sent.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { by, KillswitchError } from '../domain/errors.js'

const HOW = 'Make one with: openssl genpkey -algorithm ed25519 -out log.key'

const BLOCK = /-----BEGIN [A-Z ]+-----[\s\S]+?-----END [A-Z ]+-----/g

/**
 * One key or several, one after the other, the first of them private. Throws `configuration` where the file cannot be read or
 * holds something else.
 */
export async function readLogKeys(file: string): Promise<KeyObject[]> {
  const text = await readFile(file, 'utf8').catch(error => {
    throw refused(file, `cannot be read: ${(error as Error).message}`)
  })
  const keys = (text.match(BLOCK) ?? []).map(block => readKey(file, block))
  if (keys[0]?.type !== 'private') throw refused(file, 'does not begin with a private key in PEM')
  return keys
}

function readKey(file: string, block: string): KeyObject {
  try {
    const key = block.includes('PUBLIC') ? createPublicKey(block) : createPrivateKey(block)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    throw refused(file, 'has a key that cannot be read')
  }
  throw refused(file, 'has a key that is not of Ed25519')
}

/** The keys in the data directory; one is made where there is none. */
export async function ensureLogKeys(dataDir: string): Promise<KeyObject[]> {
  const file = join(dataDir, 'log.key')
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const handle = await open(file, 'wx', 0o600).catch(error => {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw error
  })
  if (handle === undefined) return readLogKeys(file)
  try {
    const { privateKey } = generateKeyPairSync('ed25519')
    await handle.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }))
    await handle.sync()
    return [privateKey]
  } finally {
    await handle.close()
  }
}

const refused = (file: string, why: string): KillswitchError =>
  new KillswitchError('configuration', `The file of the log's key, ${file}, ${why}.`, {
    wayOut: [by(`${HOW} (KILLSWITCH_LOG_KEY_FILE).`)],
  })
