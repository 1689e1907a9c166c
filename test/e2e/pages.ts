// The pages for people, as tests read them: the README, docs/ and the READMEs of the folders.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../support/server.js'

export type Block = { section: string; language: string; text: string }

export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** The fenced blocks, each with the heading it stands under. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = []
  let section = ''
  for (const [, heading, language, text] of markdown.matchAll(/^#{2,3} (.*)$|^```(\w*)\n([\s\S]*?)^```$/gm)) {
    if (heading === undefined) blocks.push({ section, language: language ?? '', text: text ?? '' })
    else section = heading
  }
  return blocks
}

const OTHERS = /^(node_modules|dist|data|\.)/

function under(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap(found => {
    const path = join(folder, found.name)
    if (found.isDirectory()) return OTHERS.test(found.name) ? [] : under(path)
    return found.name.endsWith('.md') ? [path] : []
  })
}

const isPage = (path: string): boolean => /(^|\/)README\.md$|^docs\/|^[A-Z]+\.md$/.test(path)

/** Every page, by its path from the root. */
export const PAGES: readonly string[] = under('.').filter(isPage)

/** `docs/incident.md`, and not the records of decisions below it. */
export const TASKS: readonly string[] = PAGES.filter(path => /^docs\/[^/]+$/.test(path))

/** Commands in code, as they are typed: a line of a block, or a span. Without `$ ` and what runs a clone's own command. */
export function commandsIn(markdown: string): string[] {
  const lines = markdown.matchAll(/^(?: {4,}|(?:\w+\$|\$) )?(?:npx )?(killswitch [a-z].*)$/gm)
  const spans = markdown.matchAll(/`(?:npx )?(killswitch [a-z][^`]*)`/g)
  return [...lines, ...spans].map(([, command = '']) => command)
}
