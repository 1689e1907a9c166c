// Names for headings and labels, unique among their siblings.

import { slug as githubSlug } from 'github-slugger'
import { ownNumber } from './wording.js'

const LONGEST = 80
/** What emoji leave behind: nobody can type it. */
const INVISIBLE = /\p{Cf}|\p{Variation_Selector}/gu

/**
 * GitHub's slug of a title without its own number, a `/` as `-`, no doubled or outer hyphens, cut to whole words within
 * 80 characters; `section` where nothing is left.
 */
function slugOf(title: string): string {
  const number = ownNumber(title)
  const bare = (number ? title.slice(number.length) : title) || title
  const slug = githubSlug(bare.replace(/[/\\]/g, '-').replace(INVISIBLE, ''))
    .replace(/-+/g, '-')
    .replace(/^-|-$/g, '')
  if (slug.length <= LONGEST) return slug || 'section'
  const cut = slug.slice(0, LONGEST + 1)
  return cut.includes('-') ? cut.slice(0, cut.lastIndexOf('-')) : slug.slice(0, LONGEST)
}

/** Gives every child of a path a slug of its own: the second `verify` below one heading is `verify-2`. */
export class Slugs {
  readonly #taken = new Map<string, number>()

  /** The path of the child: its parent's path and its own slug, joined by `/`. */
  below(parent: string, title: string): string {
    const path = parent === '' ? slugOf(title) : `${parent}/${slugOf(title)}`
    let nth = (this.#taken.get(path) ?? 0) + 1
    let unique = nth === 1 ? path : `${path}-${nth}`
    while (nth > 1 && this.#taken.has(unique)) unique = `${path}-${++nth}`
    this.#taken.set(path, nth)
    if (nth > 1) this.#taken.set(unique, 1)
    return unique
  }
}
