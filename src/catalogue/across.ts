// What concerns more than one catalogue file: an application or a key in two of them, a link to a flag of none.

import type { Fault, StepLink } from '../domain/catalogue.js'
import { didYouMean, quote } from './faults.js'
import type { FlagFile } from './flag-files.js'

/** The same application or flag in two files; links to flags that no file defines, where every file could be read. */
export function faultsAcross(files: readonly FlagFile[], isWhole: boolean): Fault[] {
  const applications = new Map<string, string>()
  const flags = new Map<string, { file: string; line: number }>()
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
      const first = flags.get(key)
      if (first === undefined) flags.set(key, { file: shown, line })
      else
        faults.push({
          file: shown,
          line,
          message: `flags.${key} is defined in ${first.file}:${first.line} already: a key belongs to one application; rename one of the two`,
        })
    }
  }
  if (!isWhole) return faults
  return [...faults, ...files.flatMap(({ shown, read }) => faultsOfLinks(read.links, shown, flags))]
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
