// Where a relay posts to: a URL without its user and password, which go into a header and into no message.

import { UsageError } from '../plumbing/exit.js'

export type Receiver = { url: string; headers: Record<string, string> }

/** What a person typed as a URL, as it may be shown: without what stands before an "@". */
export const shownUrl = (given: string): string =>
  given.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, (_, scheme: string | undefined) => `${scheme ?? ''}...@`)

/** As a browser reads it: user and password are HTTP's basic authentication. Throws a `UsageError`. */
export function receiverOf(given: string): Receiver {
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UsageError(`"${shownUrl(given)}" is not a URL to post to.`)
  const { username, password } = url
  url.username = ''
  url.password = ''
  if (username === '' && password === '') return { url: url.href, headers: {} }
  const pair = [username, password].map(part => decoded(part)).join(':')
  return { url: url.href, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new UsageError(
      'The user or the password in the URL has a "%" that begins no code: write it as %25.',
    )
  }
}
