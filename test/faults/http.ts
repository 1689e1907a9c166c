// Requests of the harness: over kept connections, bounded in time, and an answer that never came is status 0.

import { Agent, type IncomingHttpHeaders, request } from 'node:http'

const agent = new Agent({ keepAlive: true, maxSockets: 256 })

// biome-ignore lint/suspicious/noExplicitAny: bodies are looked into by the harness
export type Answer = { status: number; body: any; headers: IncomingHttpHeaders }

export type Asked = { token?: string; body?: object; headers?: Record<string, string>; withinMs?: number }

/** Never rejects. */
export function ask(method: 'GET' | 'POST', url: string, asked: Asked = {}): Promise<Answer> {
  const { token, body, headers, withinMs = 5_000 } = asked
  const payload = body === undefined ? undefined : JSON.stringify(body)
  return new Promise(resolve => {
    const none = (): void => resolve({ status: 0, body: undefined, headers: {} })
    const sent = request(url, {
      method,
      agent,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) }),
        ...headers,
      },
    })
    const timer = setTimeout(() => sent.destroy(new Error('no answer in time')), withinMs)
    sent.on('error', none)
    sent.on('close', () => {
      clearTimeout(timer)
      none()
    })
    sent.on('response', response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({ status: response.statusCode ?? 0, body: parsed(text), headers: response.headers })
      })
      response.on('error', none)
    })
    sent.end(payload)
  })
}

export const closeConnections = (): void => agent.destroy()

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
