// A log whose lines were rewritten by somebody who knows how: from the line that was changed on, each is hashed anew, and
// signed anew by who has the key.

import type { KeyObject } from 'node:crypto'
import { hashLine, open } from '../../src/domain/log/audit.js'
import { LogKeys, type SigningKey } from '../../src/domain/log/log-keys.js'
import { signatureOf, signSealed } from '../../src/domain/log/signature.js'

/** `index`: of the line that `change` gets, whose answer takes its place. Without the `key` the signatures stay as they are. */
export function rehashed(
  lines: readonly string[],
  index: number,
  change: (line: string) => string,
  key?: KeyObject,
): string[] {
  const [signer] = new LogKeys(key === undefined ? [] : [key]).signing
  const result = lines.slice(0, index)
  for (const [at, line] of lines.slice(index).entries()) {
    const before = result.at(-1)
    const linked = line.replace(
      /"prev":"[0-9a-f]*"/,
      `"prev":"${before === undefined ? '' : hashLine(before)}"`,
    )
    const changed = at === 0 ? change(linked) : linked
    result.push(signer === undefined ? changed : signedAnew(changed, result, signer))
  }
  return result
}

function signedAnew(line: string, [first]: readonly string[], key: SigningKey): string {
  const signature = signatureOf(line)
  if (signature === undefined) return line
  const log = first === undefined ? '' : hashLine(first)
  const { environment } = open(line).entry
  return signSealed(open(`${signature.body}}`), { environment, log }, key).line
}
