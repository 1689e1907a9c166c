// What a command prints on and asks at: standard output for answers, standard error for everything said beside them.

import { createInterface } from 'node:readline/promises'
import { linesOf } from '../../text/characters.js'
import { inertJson } from '../../text/json.js'
import { folded } from '../../text/terminal.js'
import { inertYaml } from '../../text/yaml.js'
import { harmless, isColoured, type Style, styleFor } from '../print/style.js'
import { wrapLine } from '../print/wrap.js'
import { UsageError } from './exit.js'

export class Terminal {
  /** For standard output. */
  readonly style: Style
  /** For standard error. */
  readonly aside: Style
  /** Whether what is said in JSON is printed as YAML. */
  isYaml = false
  #isLive = false

  constructor(env: NodeJS.ProcessEnv) {
    this.style = styleFor(isColoured(process.stdout, env))
    this.aside = styleFor(isColoured(process.stderr, env))
  }

  /** How wide the terminal is; undefined where the output is no terminal. */
  get columns(): number | undefined {
    return process.stdout.isTTY ? process.stdout.columns : undefined
  }

  get now(): number {
    return Date.now()
  }

  /** Lines for people, on standard output, each of them one; on a terminal broken where it ends. */
  out(...lines: string[]): void {
    if (lines.length > 0) process.stdout.write(`${laidOut(lines, this.columns)}\n`)
  }

  /** An answer of the service as JSON, or as YAML: what it says, whatever is in it, and nothing that acts on a terminal. */
  json(text: string): void {
    const told = this.isYaml ? inertYaml(text) : inertJson(text)
    process.stdout.write(`${told.trimEnd()}\n`)
  }

  /** A text of many lines that is the whole of what was asked for. */
  text(document: string): void {
    process.stdout.write(`${linesOf(document).join('\n').trimEnd()}\n`)
  }

  /** Lines beside the answer, on standard error. */
  say(...lines: string[]): void {
    this.live('')
    const columns = process.stderr.isTTY ? process.stderr.columns : undefined
    if (lines.length > 0) process.stderr.write(`${laidOut(lines, columns)}\n`)
  }

  get hasLiveLine(): boolean {
    return process.stderr.isTTY === true
  }

  /** Replaces the line at the bottom; on a terminal only. */
  live(line: string): void {
    if (!this.hasLiveLine || (line === '' && !this.#isLive)) return
    this.#isLive = line !== ''
    const width = (process.stderr.columns ?? 80) - 1
    process.stderr.write(`\r\u001b[2K${harmless(folded(line)).slice(0, width)}`)
  }

  get canAsk(): boolean {
    return process.stdin.isTTY === true && process.stderr.isTTY === true
  }

  /** What is typed, trimmed. Throws a `UsageError` where nobody can be asked. */
  async ask(question: string): Promise<string> {
    if (!this.canAsk) throw new UsageError('Nobody can be asked here: this is not a terminal.')
    const lines = createInterface({ input: process.stdin, output: process.stderr })
    const closed = new Promise<string>(resolve => lines.once('close', () => resolve('')))
    try {
      return (await Promise.race([lines.question(harmless(folded(question))), closed])).trim()
    } finally {
      lines.close()
    }
  }
}

export function laidOut(lines: readonly string[], columns: number | undefined): string {
  return lines
    .map(line => harmless(folded(line)))
    .flatMap(line => wrapLine(line, columns ?? Infinity))
    .join('\n')
}
