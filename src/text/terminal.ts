// Text for a terminal. What others wrote is made harmless where it comes into the process, before anything is coloured or
// measured: from there on the only control characters are our own colours, and line breaks, which every line that is printed
// folds.

import { linesOf } from './characters.js'
import { eachText } from './each-text.js'

/** Harmless, with its line breaks. */
export const visible = (text: string): string => linesOf(text).join('\n')

/** All that an answer or a file holds. */
export const visibleIn = <T>(value: T): T => eachText(value, visible)

/** What stands within one line, be it coloured already. */
export const folded = (text: string): string => text.replaceAll('\n', ' ')
