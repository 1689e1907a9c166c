// The client behind proxies: X-Forwarded-For, -Proto and -Host count where they come from an address that the configuration
// trusts, and are nothing from anybody else. Fastify asks for them; this reads what it is given, and makes it fit.

import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'

/** Shorter ones trust a good part of the world: anybody in it could write any address into the log. */
const SHORTEST_PREFIX = { 4: 8, 6: 7 } as const

/** Throws with what to give instead where one is no address and no network, or one of nearly everybody. */
export function parseProxies(text: string): string[] {
  return text.split(',').map(each => {
    const given = each.trim()
    const [address = '', prefix, ...more] = given.split('/')
    const family = isIP(address)
    if (
      family === 0 ||
      address.includes('%') ||
      more.length > 0 ||
      (prefix !== undefined && !/^\d{1,3}$/.test(prefix))
    )
      throw new Error(
        `"${given}" is no address and no network: give those of your proxies, such as ${EXAMPLE}.`,
      )
    if (/^::ffff:/i.test(address))
      throw new Error(`"${given}": write an IPv4 address as such, as in ${EXAMPLE}.`)
    if (prefix === undefined) return given
    const [least, most] = family === 4 ? [SHORTEST_PREFIX[4], 32] : [SHORTEST_PREFIX[6], 128]
    if (Number(prefix) > most)
      throw new Error(`"${given}": a prefix of IPv${family} has at most ${most} bits.`)
    if (Number(prefix) < least)
      throw new Error(
        `"${given}" trusts so many that anybody may write any address into the log: give the addresses of your proxies alone, such as ${EXAMPLE}.`,
      )
    return given
  })
}

const EXAMPLE = '10.0.0.7,10.1.0.0/16'

/**
 * Leaves plain addresses: some proxies add ports. What is no address was written by nobody who can be trusted: it is taken
 * out with all before it, so that the client is the last one that is known.
 */
export function cleanForwardedFor(headers: IncomingHttpHeaders): void {
  const given = headers['x-forwarded-for']
  if (given === undefined) return
  const entries = [given].flat().join().split(',').map(addressIn)
  const known = entries.slice(entries.lastIndexOf(undefined) + 1)
  if (known.length > 0) headers['x-forwarded-for'] = known.join(', ')
  else delete headers['x-forwarded-for']
}

/** `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`. */
function addressIn(entry: string): string | undefined {
  const text = entry.trim()
  const [, inBrackets, withPort] = /^\[([\da-f:.]+)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/i.exec(text) ?? []
  const address = plainAddress(inBrackets ?? withPort ?? text)
  return isIP(address) === 0 ? undefined : address
}

/** Of the client, for the entry; none where its connection is gone already. */
export const ipOf = ({ ip }: { ip: string | undefined }): { ip?: string } =>
  ip === undefined ? {} : { ip: plainAddress(ip) }

/** An IPv4 address also where the socket is one of IPv6. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=[\d.]+$)/i, '')
