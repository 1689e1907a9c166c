// What can happen to the files of a journal, whoever did it. `files`: its segments, oldest first; each harm is done to one
// of them, and takes something whole away that was there.

import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'

export type DiskDamage = { name: string; harm: (file: string) => void }

const change = (file: string, how: (text: string) => string): void =>
  writeFileSync(file, how(readFileSync(file, 'latin1')), 'latin1')
const lines = (how: (lines: string[]) => string[]) => (file: string) =>
  change(file, text =>
    how(text.split('\n').slice(0, -1))
      .map(line => `${line}\n`)
      .join(''),
  )
const middle = ({ length }: string[]): number => length >> 1

/** As another role in a line that stays JSON: nothing but the chain shows it. */
export const rewritten = (file: string): void => change(file, text => text.replace('"role":"o', '"role":"0'))

export const DISK_DAMAGES: readonly DiskDamage[] = [
  { name: 'a line says something else', harm: rewritten },
  {
    name: 'a byte in its middle is another',
    harm: lines(all => all.with(middle(all), all[middle(all)]!.replace('{"v":1', '{"v"\u0001'))),
  },
  { name: 'a line is cut out', harm: lines(all => all.toSpliced(middle(all), 1)) },
  {
    name: 'two lines have changed places',
    harm: lines(all => [...all.slice(0, -2), all.at(-1)!, all.at(-2)!]),
  },
  { name: 'a line is there twice', harm: lines(all => all.toSpliced(1, 0, all[0]!)) },
  { name: 'it is cut in its middle', harm: file => truncateSync(file, readFileSync(file).length >> 1) },
  { name: 'it is empty', harm: file => truncateSync(file, 0) },
  { name: 'it is gone', harm: file => rmSync(file) },
  {
    name: 'it cannot be read',
    harm: file => {
      rmSync(file)
      mkdirSync(file)
    },
  },
  { name: 'it is full of zeros', harm: file => change(file, text => '\0'.repeat(text.length)) },
]
