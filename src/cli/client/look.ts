// A close look at one URL: reachable, ready, whose environment, what the token may do, and how far apart the clocks are.

import { entryId } from '../../domain/log/audit.js'
import { visibleIn } from '../../text/terminal.js'
import type { Ready, Whoami } from '../../wire/health.js'
import { duration } from '../print/time.js'
import { type Client, failureOf } from './client.js'
import { foreignTo } from './foreign.js'

export type Finding = { where: string; what: string; level: 'good' | 'odd' | 'bad'; detail: string }

const CLOCK_TOLERANCE_MS = 2_000

export async function look(client: Client, url: string): Promise<Finding[]> {
  const say = (what: string, level: Finding['level'], detail: string): Finding => ({
    where: url,
    what,
    level,
    detail,
  })
  const asked = Date.now()
  const began = performance.now()
  try {
    const response = await client.fetch(url, '/readyz', { signal: AbortSignal.timeout(client.timeoutMs) })
    const tookMs = performance.now() - began
    const ready = readinessIn(visibleIn(await response.json().catch(() => undefined)))
    if (ready === undefined) {
      const { status, headers } = response
      const foreign = foreignTo({ status, headers, body: undefined }, { url, path: '/readyz' })
      return [say('reachable', 'bad', foreign ?? `something answers (${status}), and it is not Killswitch`)]
    }
    return [
      say('reachable', 'good', `answered in ${Math.round(tookMs)} ms`),
      ...environment(say, ready),
      say(ready.status, levelOf(ready.status), readyDetail(ready)),
      ...ready.degraded.map(({ code, detail }) => say(code, 'odd', detail ?? UNTOLD)),
      ...clock(say, response.headers.get('date'), asked, tookMs),
      ...safety(say, url),
      ...(await token(client, url, say)),
    ]
  } catch (error) {
    return [say('reachable', 'bad', failureOf(url, error, client.timeoutMs).why)]
  }
}

/** Other services have a /readyz too. */
function readinessIn(body: unknown): Ready | undefined {
  const { status, degraded } = Object(body) as Partial<Ready>
  const isOurs = STATUSES.some(each => each === status) && Array.isArray(degraded)
  return isOurs ? (body as Ready) : undefined
}

const STATUSES = ['ready', 'degraded', 'not-ready']
const UNTOLD = 'why is told to a token of role viewer or higher'

/** Strangers are not told it. */
const environment = (say: Say, { environment: name, head, revision }: Ready): Finding[] =>
  name === undefined
    ? []
    : [
        say(
          'environment',
          'good',
          [
            name,
            head !== undefined && `entry ${entryId(head)}`,
            revision !== undefined && `revision ${entryId(revision)}`,
          ]
            .filter(Boolean)
            .join(', '),
        ),
      ]

type Say = (what: string, level: Finding['level'], detail: string) => Finding

const levelOf = (status: Ready['status']): Finding['level'] =>
  status === 'ready' ? 'good' : status === 'degraded' ? 'odd' : 'bad'

const readyDetail = ({ status, degraded }: Ready): string =>
  ({
    ready: 'a kill can be taken, and a known state is served',
    degraded: `a kill can be taken; ${degraded.length} thing(s) are less than well`,
    'not-ready': 'it says itself that it cannot be relied on',
  })[status]

/** The Date header has whole seconds: less than two seconds is no difference. */
function clock(say: Say, date: string | null, asked: number, tookMs: number): Finding[] {
  if (date === null || Number.isNaN(Date.parse(date))) return []
  const offMs = Date.parse(date) + 500 - (asked + tookMs / 2)
  if (Math.abs(offMs) <= CLOCK_TOLERANCE_MS) return [say('clock', 'good', 'agrees with this one')]
  const which = offMs > 0 ? 'ahead of' : 'behind'
  return [
    say(
      'clock',
      'odd',
      `${duration(Math.abs(offMs))} ${which} this one: times here and there do not compare`,
    ),
  ]
}

function safety(say: Say, url: string): Finding[] {
  const { protocol, hostname } = new URL(url)
  const isNear = /^(localhost|127\..*|\[::1\])$/.test(hostname)
  if (protocol === 'https:' || isNear) return []
  return [say('transport', 'odd', 'plain HTTP to another machine: the token can be read on the way')]
}

async function token(client: Client, url: string, say: Say): Promise<Finding[]> {
  if (!client.hasToken)
    return [say('token', 'bad', 'none: set KILLSWITCH_TOKEN, or put "token:" into the config file')]
  const signal = AbortSignal.timeout(client.timeoutMs)
  const response = await client.fetch(url, '/v1/actor', { signal })
  const body = Object(visibleIn(await response.json().catch(() => ({})))) as Whoami & { detail?: string }
  if (response.ok && body.role === undefined)
    return [say('token', 'bad', `/v1/actor answered with ${response.status}, and not as Killswitch does`)]
  if (!response.ok) return [say('token', 'bad', body.detail ?? `answered with ${response.status}`)]
  const { id, role, only, apps, version } = body
  const limits = [only && `may only ${only}`, apps && `for ${apps.join(', ')}`].filter(Boolean).join(', ')
  return [
    ...(version ? [say('version', 'good', version)] : []),
    say(
      'token',
      role === 'sdk' ? 'odd' : 'good',
      `${id}, ${role}${limits ? ` (${limits})` : ''}: ${MAY[role] ?? ''}`,
    ),
  ]
}

const MAY: Record<string, string> = {
  sdk: 'for app services; it can neither look nor kill here',
  viewer: 'may look, and not kill',
  operator: 'may kill, run steps and undo; a restore takes an engineer',
  engineer: 'may kill and restore',
  coordinator: 'may kill, restore what is reserved, and force',
  owner: 'may everything',
}
