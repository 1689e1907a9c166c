// The sessions of a service in the tests, as far as an app can see: gives them by name and process, a suffix to whoever asks
// for the name of another, and refuses the receipts of any other session. Can be an older service that knows of none.

import type { IncomingHttpHeaders } from 'node:http'
import type { Receipt } from '../../src/wire/receipt.js'

export type LiveSession = {
  secret: string
  app: string
  instance: string
  process: string
  /** Of the receipts that came by it, as they came. */
  numbers: number[]
  gone?: 'closed' | 'replaced'
}

type Refusal = { status: number; code: string; detail: string }
const OLD_MEMBERS = ['instance', 'app', 'log', 'revision', 'appliedAt', 'sdk', 'startedAt', 'boot']
const OLD_OPTIONAL = ['closing', 'fork', 'forced']

export class LiveSessions {
  all: LiveSession[] = []
  /** An older service: it knows no sessions, and takes no member of a receipt that it does not know. */
  isOlder = false
  /** Instead of a session. */
  refusedWith: string | undefined
  /** Takes no receipt by whatever session. */
  takesNone = false
  /** By app and instance: those that said they cannot prove. */
  readonly unproving = new Set<string>()
  private opened = 0

  /** The service is another one: every session is unknown to it. */
  forget(): void {
    this.all = []
  }

  get open(): LiveSession[] {
    return this.all.filter(session => session.gone === undefined)
  }

  /** The headers of the answer. */
  claim(headers: IncomingHttpHeaders): Map<string, string> {
    const answer = new Map<string, string>()
    const [app, instance] = [nameIn(headers, 'killswitch-app'), nameIn(headers, 'killswitch-instance')]
    if (this.isOlder || app === undefined || instance === undefined) return answer
    const secret = headers['killswitch-session']
    if (secret === 'none') this.unproving.add(`${app} ${instance}`)
    else if (this.refusedWith !== undefined) answer.set('killswitch-session-refused', this.refusedWith)
    else {
      const process = String(headers['killswitch-process'])
      const known = this.all.find(
        each => each.secret === secret && each.app === app && each.instance === instance,
      )
      const session =
        known ?? this.give({ app, instance, process }, String(headers['killswitch-predecessors'] ?? ''))
      answer.set('killswitch-session', session.secret)
      answer.set('killswitch-instance', encodeURIComponent(session.instance))
    }
    return answer
  }

  /** Why a receipt is not taken; undefined where it is. */
  refusal(receipt: Receipt): Refusal | undefined {
    if (this.isOlder) {
      const odd = Object.keys(receipt).find(member => ![...OLD_MEMBERS, ...OLD_OPTIONAL].includes(member))
      return odd === undefined
        ? undefined
        : { status: 400, code: 'malformed-request', detail: `no member ${odd}` }
    }
    if (receipt.session === undefined) return undefined
    const session = this.all.find(
      ({ secret, app, instance }) =>
        secret === receipt.session && app === receipt.app && instance === receipt.instance,
    )
    if (!session || this.takesNone) return { status: 403, code: 'unknown-session', detail: 'not known here' }
    session.numbers.push(receipt.number ?? Number.NaN)
    if (receipt.closing) session.gone = 'closed'
    return undefined
  }

  private give(asked: Pick<LiveSession, 'app' | 'instance' | 'process'>, predecessors: string): LiveSession {
    for (const secret of predecessors.split(',')) {
      const before = this.all.find(each => each.secret === secret)
      if (before && before.gone === undefined) before.gone = 'replaced'
    }
    const same = this.open.find(({ app, process }) => app === asked.app && process === asked.process)
    if (same) return same
    const isTaken = (name: string) =>
      this.open.some(({ app, instance }) => app === asked.app && instance === name)
    let name = asked.instance
    for (let n = 2; isTaken(name); n++) name = `${asked.instance}~${n}`
    const session = { ...asked, instance: name, secret: `secret-${++this.opened}.x~y_z`, numbers: [] }
    this.all.push(session)
    return session
  }
}

function nameIn(headers: IncomingHttpHeaders, name: string): string | undefined {
  const given = headers[name]
  return typeof given === 'string' ? decodeURIComponent(given) : undefined
}
