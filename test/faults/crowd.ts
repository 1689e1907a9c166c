// A process of its own: many app instances on one machine, each a raw socket with a stream, which comes back with the
// SDK's full jitter when it is lost, and may answer a change with a receipt. Tells its parent now and then how it stands.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'

export type CrowdAsked = { port: number; token: string; clients: number; app?: string; name: string }
/** `at` says how many clients are at which revision. */
export type CrowdStands = { open: number; lost: number; refused: number; at: Record<string, number> }

/** Runs in the parent: a crowd, and how it stood last. */
export class Crowd {
  readonly #child = fork(fileURLToPath(import.meta.url), ['--crowd'])
  stands: CrowdStands = { open: 0, lost: 0, refused: 0, at: {} }

  constructor(asked: CrowdAsked) {
    this.#child.on('message', stands => {
      this.stands = stands as CrowdStands
    })
    this.#child.send(asked)
  }

  /** How many clients are at or past a revision. */
  reached(revision: number): number {
    return Object.entries(this.stands.at)
      .filter(([at]) => Number(at) >= revision)
      .reduce((sum, [, count]) => sum + count, 0)
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 5_000
const TELL_MS = 100

class Client {
  open = false
  revision = 0
  #failures = 0
  #text = ''
  readonly #asked: CrowdAsked
  readonly #number: number
  readonly #count: CrowdStands

  constructor(asked: CrowdAsked, number: number, count: CrowdStands) {
    this.#asked = asked
    this.#number = number
    this.#count = count
    this.#connect()
  }

  #connect(): void {
    const { port, token } = this.#asked
    const socket = connect(port, '127.0.0.1')
    socket.setNoDelay(true).setEncoding('latin1')
    socket.on('error', () => {})
    socket.on('connect', () => {
      socket.write(`GET /v1/stream HTTP/1.1\r\nhost: crowd\r\nauthorization: Bearer ${token}\r\n\r\n`)
    })
    socket.on('data', text => this.#read(String(text)))
    socket.on('close', () => this.#lost())
  }

  #read(text: string): void {
    this.#text += text
    if (!this.open && this.#text.startsWith('HTTP/1.1 200')) {
      this.open = true
      this.#failures = 0
      this.#count.open++
    } else if (!this.open && this.#text.startsWith('HTTP/1.1 ')) this.#count.refused++
    const ids = [...this.#text.matchAll(/^id: (\d+)$/gm)]
    this.#text = this.#text.slice(-40)
    const revision = Number(ids.at(-1)?.[1] ?? 0)
    if (revision <= this.revision) return
    this.revision = revision
    if (this.#asked.app !== undefined) this.#report()
  }

  #lost(): void {
    if (this.open) {
      this.#count.open--
      this.#count.lost++
    }
    this.open = false
    this.#text = ''
    const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures++)
    setTimeout(() => this.#connect(), Math.random() * most)
  }

  #report(): void {
    const { port, token, app, name } = this.#asked
    const now = new Date().toISOString()
    const receipt = { app, instance: `${name}-${this.#number}`, log: LOG.name, revision: this.revision }
    const rest = { appliedAt: now, sdk: 'crowd/1', startedAt: STARTED, boot: 'service' }
    const body = JSON.stringify({ receipts: [{ ...receipt, ...rest }] })
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const sent = request({ port, path: '/v1/receipts', method: 'POST', headers, agent: AGENT })
    sent.on('response', answer => answer.resume()).on('error', () => {})
    sent.end(body)
  }
}

const STARTED = new Date().toISOString()
const LOG = { name: 'crowd' }
const AGENT = new Agent({ keepAlive: true, maxSockets: 200 })

if (process.argv[2] === '--crowd') {
  process.once('message', asked => {
    const count: CrowdStands = { open: 0, lost: 0, refused: 0, at: {} }
    const { clients } = asked as CrowdAsked
    const all = Array.from({ length: clients }, (_, number) => new Client(asked as CrowdAsked, number, count))
    setInterval(() => {
      const at: Record<string, number> = {}
      for (const { open, revision } of all) if (open) at[revision] = (at[revision] ?? 0) + 1
      process.send?.({ ...count, at })
    }, TELL_MS)
  })
  process.on('disconnect', () => process.exit(0))
}
