// What concerns more than one flag: an application or a key in two files, keys that differ by case alone, a link to a
// flag of none.

import type { Fault } from '../domain/catalogue/catalogue.js'
import type { StepLink } from '../wire/catalogue.js'
import { didYouMean, quote } from './faults.js'
import type { FlagFile } from './flag-files.js'

/** The same application or flag in two files; links to flags that no file defines, where every file could be read. */
export function faultsAcross(files: readonly FlagFile[], isWhole: boolean): Fault[] {
  const applications = new Map<string, string>()
  const flags = new Map<string, { file: string; line: number }>()
  const byCase = new Map<string, string>()
  const faults: Fault[] = []
  for (const { shown, read } of files) {
    const { id } = read.application
    const other = applications.get(id)
    if (other !== undefined) {
      faults.push({
        file: shown,
        line: 1,
        message: `is the application ${quote(id)} once more (first ${other}): merge the two files`,
      })
    }
    applications.set(id, other ?? shown)
    for (const [key, line] of read.keys) {
      const like = byCase.get(key.toLowerCase()) ?? key
      const first = flags.get(like)
      byCase.set(key.toLowerCase(), like)
      if (!flags.has(key)) flags.set(key, { file: shown, line })
      if (first !== undefined) faults.push({ file: shown, line, message: clash(key, like, first) })
    }
  }
  if (!isWhole) return faults
  return [...faults, ...files.flatMap(({ shown, read }) => faultsOfLinks(read.links, shown, flags))]
}

function clash(key: string, like: string, { file, line }: { file: string; line: number }): string {
  return key === like
    ? `flags.${key} is defined in ${file}:${line} already: a key belongs to one application; rename one of the two`
    : `flags.${key} differs from ${like} (${file}:${line}) by case alone, and one would be taken for the other at night: rename one of the two`
}

function faultsOfLinks(
  links: readonly StepLink[],
  file: string,
  flags: ReadonlyMap<string, unknown>,
): Fault[] {
  return links
    .filter(({ flag }) => !flags.has(flag))
    .map(({ flag, line }) => ({
      file,
      line,
      message: `the link's flag ${quote(flag)} is defined nowhere in the catalogue${didYouMean(flag, flags.keys()) || '; define it, or remove the link'}`,
    }))
}
