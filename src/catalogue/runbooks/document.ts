// From the source of a runbook to a tree with positions. The only place that knows the Markdown parser.

import type { Nodes, Root } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { frontmatterFromMarkdown } from 'mdast-util-frontmatter'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { frontmatter } from 'micromark-extension-frontmatter'
import { gfm } from 'micromark-extension-gfm'

export function readTree(source: string): Root {
  return fromMarkdown(source, {
    extensions: [gfm(), frontmatter(['yaml', 'toml'])],
    mdastExtensions: [gfmFromMarkdown(), frontmatterFromMarkdown(['yaml', 'toml'])],
  })
}

/** 1-based line a node starts on. */
export const lineOf = (node: Nodes): number => node.position?.start.line ?? 1

export const columnOf = (node: Nodes): number => node.position?.start.column ?? 1

/** The lines of a fence or an indented block, each with its 1-based line in the source. */
export function linesOfCode(node: Nodes & { value: string }): { text: string; line: number }[] {
  const lines = node.value.split(/\r\n|\n|\r/)
  const span = (node.position?.end.line ?? 1) - lineOf(node) + 1
  const first = lineOf(node) + (span > lines.length ? 1 : 0)
  return lines.map((text, index) => ({ text, line: first + index }))
}
