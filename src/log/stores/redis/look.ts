// Looks with a connection of its own why Redis cannot be had: what it says before anybody asks, as where it has too many
// clients; what it answers to a PING, as where it loads its data; or what the network and TLS say. The client library loses
// these.

import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { codeOf } from './errors.js'
import type { Node, Target } from './target.js'

const LIMIT_MS = 1_000
const UNASKED_MS = 100

/** What was found at the first node that has something to say; undefined where all of them take connections, or are silent. */
export async function lookPlainly({ nodes, tls, password }: Target): Promise<Error | undefined> {
  for (const node of nodes) {
    const found = await firstWords(node, tls)
    // it asks without the password that there is
    const isExpected = password !== undefined && codeOf(found) === 'NOAUTH'
    if (found !== undefined && !isExpected) return found
  }
  return undefined
}

function firstWords({ host, port }: Node, isTls: boolean): Promise<Error | undefined> {
  return new Promise(resolve => {
    const socket = isTls ? connectTls({ host, port }) : connect({ host, port })
    let isGreeted = !isTls
    const ask = (): void =>
      void setTimeout(() => socket.writable && socket.write('PING\r\n'), UNASKED_MS).unref()
    const settle = (found?: Error): void => {
      socket.destroy()
      resolve(found)
    }
    socket.unref()
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      isGreeted = true
      ask()
    })
    socket.setTimeout(LIMIT_MS, () => settle(isGreeted ? undefined : noTls()))
    socket.once('data', bytes => settle(replyIn(String(bytes))))
    socket.once('error', settle)
    socket.once('close', () => settle())
  })
}

const noTls = (): Error =>
  Object.assign(new Error('no TLS handshake in time: is it redis:// there?'), {
    code: 'ERR_TLS_HANDSHAKE_TIMEOUT',
  })

/** As the client library has it; undefined for what is no error of Redis. */
const replyIn = (text: string): Error | undefined =>
  text.startsWith('-') ? Object.assign(new Error(text.slice(1).trim()), { name: 'ReplyError' }) : undefined
