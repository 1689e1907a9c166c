// CSV that leaves: each row one line, and no cell that a spreadsheet would take for a formula.

import type { Transform } from 'node:stream'
import { stringify } from 'csv-stringify'
import { oneLine } from './characters.js'

/** Where cells are parted by semicolons, as in half of Europe, one within a cell begins another: it may begin no formula. */
const INNER_FORMULA = /;(?=[\s"]*[=+\-@\uff1d\uff0b\uff0d\uff20])/g

/** Takes rows of values, and gives the text. */
export const csvOf = (columns: string[]): Transform =>
  stringify({
    header: true,
    columns,
    escape_formulas: true,
    cast: {
      boolean: value => String(value),
      string: value => oneLine(value).replace(INNER_FORMULA, ";'"),
    },
  })
