// Reads a connection string, strictly, into what to connect to. No message of this file ever shows the string itself:
// it carries passwords.

import { KillswitchError } from '../../../domain/errors.js'

export type Node = { host: string; port: number }

export type Target = {
  kind: 'single' | 'sentinel' | 'cluster'
  tls: boolean
  nodes: Node[]
  username?: string
  password?: string
  db: number
  /** The name the Sentinels know the master by. */
  master?: string
  sentinelUsername?: string
  sentinelPassword?: string
}

const FORMS =
  'redis://[user:password@]host[:port][/db], rediss://..., ' +
  'redis+sentinel://[user:password@]host:port,host:port/master[?db=0&sentinelUsername=..&sentinelPassword=..], ' +
  'redis+cluster://[user:password@]host:port,host:port (rediss+sentinel:// and rediss+cluster:// for TLS)'

const refuse = (what: string): never => {
  throw new KillswitchError('configuration', `The Redis URL is not usable: ${what}. Accepted: ${FORMS}.`)
}

const SHAPE =
  /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/

export function parseTarget(url: string): Target {
  const match = SHAPE.exec(url)
  if (!match)
    return refuse('it is not of any known form (special characters in a password are percent-encoded)')
  const [, scheme, suffix, credentials, hosts = '', path = '', query = ''] = match
  const kind = (suffix ?? 'single') as Target['kind']
  const nodes = parseNodes(hosts, kind === 'sentinel' ? 26379 : 6379)
  if (kind === 'single' && nodes.length > 1) {
    refuse(`it names ${nodes.length} hosts, and only redis+sentinel:// and redis+cluster:// take several`)
  }
  return {
    kind,
    tls: scheme === 'rediss',
    nodes,
    ...parseCredentials(credentials),
    ...parsePlace(kind, decode(path, 'the path'), new URLSearchParams(query)),
  }
}

/** `redis://host:6379/0`: what to call the target in a message or a log. Never a user name or a password. */
export function describeTarget(target: Target): string {
  const scheme = `redis${target.tls ? 's' : ''}${target.kind === 'single' ? '' : `+${target.kind}`}`
  const hosts = target.nodes.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
  const place = target.kind === 'sentinel' ? `/${target.master}` : target.db > 0 ? `/${target.db}` : ''
  return `${scheme}://${hosts.join(',')}${place}`
}

function parseNodes(hosts: string, defaultPort: number): Node[] {
  return hosts.split(',').map(text => {
    const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9_.-]+))(?::(\d{1,5}))?$/.exec(text)
    const host = match?.[1] ?? match?.[2]
    if (!match || host === undefined)
      return refuse('a host is missing or is not a name, an address or [an IPv6 address]')
    const port = match[3] === undefined ? defaultPort : Number(match[3])
    if (port < 1 || port > 65_535) refuse(`port ${port} of ${host} is not between 1 and 65535`)
    return { host, port }
  })
}

function parseCredentials(text: string | undefined): Pick<Target, 'username' | 'password'> {
  if (text === undefined) return {}
  const colon = text.indexOf(':')
  if (colon < 0 || colon === text.length - 1)
    refuse('a user is named without a password (user:password@, or :password@)')
  const username = decode(text.slice(0, colon), 'the user name')
  return { ...(username !== '' && { username }), password: decode(text.slice(colon + 1), 'the password') }
}

function parsePlace(
  kind: Target['kind'],
  path: string,
  query: URLSearchParams,
): Pick<Target, 'db' | 'master'> {
  const known = kind === 'sentinel' ? ['db', 'sentinelUsername', 'sentinelPassword'] : []
  const unknown = [...query.keys()].find(key => !known.includes(key))
  if (unknown !== undefined) refuse(`"${unknown}" is not a parameter of this form`)
  if (kind === 'cluster' && path !== '') refuse('a cluster has no databases, so nothing may follow the hosts')
  if (kind === 'sentinel') {
    if (path === '') refuse('the name of the master is missing after the hosts')
    return {
      master: path,
      db: parseDb(query.get('db') ?? ''),
      ...pick(query, 'sentinelUsername', 'sentinelPassword'),
    }
  }
  return { db: parseDb(path) }
}

function parseDb(text: string): number {
  if (!/^\d{0,5}$/.test(text)) refuse('the database is not a number')
  return Number(text)
}

const pick = (query: URLSearchParams, ...names: string[]): Record<string, string> =>
  Object.fromEntries(names.flatMap(name => (query.get(name) ? [[name, query.get(name) as string]] : [])))

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return refuse(`${what} is not properly percent-encoded`)
  }
}
