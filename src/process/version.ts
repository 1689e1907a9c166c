// The version of what is running.

import { readFileSync } from 'node:fs'

/** As package.json says; it lies above dist/, and three above .build/src/process/. */
export function versionOf(): string {
  for (const up of ['../', '../../', '../../../']) {
    try {
      const text = readFileSync(new URL(`${up}package.json`, import.meta.url), 'utf8')
      return (JSON.parse(text) as { version: string }).version
    } catch {
      // the other place
    }
  }
  return 'unknown'
}
