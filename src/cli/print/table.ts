// Aligned columns. Widths are counted without colours; on a terminal the last column is cut to fit.

import { stripVTControlCharacters } from 'node:util'
import type { Style } from './style.js'

type Look = { style: Style; columns?: number | undefined }

const letters = (text: string): string[] => Array.from(stripVTControlCharacters(text))
const widthOf = (text: string): number => letters(text).length
const GAP = '  '

/** Lines of a table; columns in which no row has anything are left out. */
export function table(head: string[], rows: string[][], { style, columns }: Look): string[] {
  const kept = head.map((_, index) => index).filter(index => rows.some(row => (row[index] ?? '') !== ''))
  const body = rows.map(row => kept.map(index => row[index] ?? ''))
  const names = kept.map(index => head[index] as string)
  const widths = names.map((name, index) =>
    Math.max(widthOf(name), ...body.map(row => widthOf(row[index] as string))),
  )
  const room =
    columns === undefined ? undefined : columns - sum(widths.slice(0, -1)) - GAP.length * (kept.length - 1)
  return [names.map(name => style.dim(name)), ...body].map(row =>
    row
      .map((cell, index) => (index === row.length - 1 ? cut(cell, room) : pad(cell, widths[index] as number)))
      .join(GAP)
      .trimEnd(),
  )
}

/** `name  value` lines, the names aligned; those without a value left out. */
export function pairs(rows: [string, string | undefined][], style: Style): string[] {
  const kept = rows.filter((row): row is [string, string] => row[1] !== undefined && row[1] !== '')
  const width = Math.max(0, ...kept.map(([name]) => name.length))
  return kept.map(([name, value]) => `  ${style.dim(name.padEnd(width))}  ${value}`)
}

const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0)
const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))

/** A coloured cell that is too long loses its colour rather than its end code. */
function cut(text: string, room: number | undefined): string {
  if (room === undefined || room < 12 || widthOf(text) <= room) return text
  return `${letters(text)
    .slice(0, room - 1)
    .join('')}…`
}
