// Puts another key in the place of one that is lost, on the disk of an instance that is stopped. Nobody with the key before
// says that this is right: whoever verifies the log is told so for ever.

import { toTimestamp } from '../domain/clock.js'
import { by, KillswitchError } from '../domain/errors.js'
import { placeOf } from '../domain/log/audit.js'
import { LogKeys } from '../domain/log/log-keys.js'
import { readPublicKey } from '../domain/log/signature.js'
import { openLog } from '../log/open-log.js'
import { readLogKeys } from '../tokens/log-key.js'

export type Lost = { dataDir: string; environment: string; keyFile: string; reason: string; actor: string }

/** The public half of a key, as PEM. */
const pemOf = (publicKey: string | undefined): string | undefined =>
  publicKey === undefined
    ? undefined
    : (readPublicKey(publicKey)?.export({ type: 'spki', format: 'pem' }) as string | undefined)

/** Resolves with the ids of the keys, the entry, and the public half of the lost key where the log names it. Throws what `openLog` throws, and `configuration` where nothing is to be replaced. */
export async function replaceLostKey({ dataDir, environment, keyFile, reason, actor }: Lost) {
  const keys = new LogKeys(await readLogKeys(keyFile))
  const log = await openLog({ folder: dataDir, environment, keys: async () => keys })
  try {
    const { signing, head } = log.state.state
    const next = keys.first
    if (next === undefined || signing === undefined || keys.signer(signing.keyId) !== undefined)
      throw new KillswitchError(
        'configuration',
        signing === undefined
          ? 'The log in this folder is not signed: there is no key to replace.'
          : `The log is signed with the key ${signing.keyId}, and the file has it: it is not lost.`,
        { wayOut: [by('Start the service with this key file.')] },
      )
    const key = `rekey-${next.id}-${placeOf(head)}`
    const named = { key: next.publicKey, after: { place: placeOf(head), hash: head.hash }, lost: true }
    const { entries } = await log.submit.entries({
      ...{ priority: 'note', actor, key, digest: key },
      decide: (_, now) => ({
        drafts: [
          {
            action: 'log.rekeyed',
            outcome: 'applied',
            actor: { id: actor, role: 'owner', via: 'cli' },
            receivedAt: toTimestamp(now),
            reason,
            signing: named,
            request: { id: key, key, digest: key },
          },
        ],
      }),
    })
    return { from: signing.keyId, to: next.id, entry: entries[0]!, lostKey: pemOf(signing.publicKey) }
  } finally {
    await log.close()
  }
}
