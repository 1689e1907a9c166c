// Answers that are not of Killswitch: a redirect, the sign-in page of a proxy, another service. Nothing that was asked is
// done by one, and each is told with what to set instead.

const JSON_TYPE = 'application/json'

type Answered = { status: number; headers: Headers; body: unknown }
type Asked = {
  url: string
  path: string
  accept?: string | undefined
  /** Members that every answer of Killswitch has here. */
  has?: readonly string[] | undefined
}

/** Why a success or a redirect is none of Killswitch, and what to do; undefined where it is one, and of what refuses. */
export function foreignTo(
  { status, headers, body }: Answered,
  { url, path, accept = JSON_TYPE, has = [] }: Asked,
): string | undefined {
  if (status >= 300 && status < 400) return redirected(status, headers.get('location'), url, path)
  if (status >= 400) return undefined
  const type = headers.get('content-type')?.split(';', 1)[0]?.trim() || 'no content'
  if (accept === JSON_TYPE ? isWhole(body, has) : namedIn(accept).includes(type)) return undefined
  return `it answered ${status} with ${type}, and not as Killswitch does: is this its URL, and what stands between, such as a sign-in page?`
}

/** `text/markdown, application/json;q=0.5` names two. */
const namedIn = (accept: string): string[] =>
  accept.split(',').map(each => each.split(';', 1)[0]?.trim() ?? '')

const isWhole = (body: unknown, has: readonly string[]): boolean =>
  typeof body === 'object' && body !== null && has.every(name => Object.hasOwn(body, name))

function redirected(status: number, location: string | null, url: string, path: string): string {
  const to = location !== null && URL.canParse(location, url) ? new URL(location, url) : undefined
  if (to === undefined) return `it answered ${status}, a redirect that says nowhere: is this its URL?`
  const asked = new URL(`${url}${path}`)
  const [own, there] = [asked.pathname.slice(new URL(url).pathname.replace(/\/$/, '').length), to.pathname]
  const shown = `${to.origin}${to.pathname}`
  if (!there.endsWith(own))
    return `it answered with a redirect to ${shown}, which is no address of Killswitch: what stands between, such as a sign-in page?`
  return `it answered with a redirect to ${shown}: set --url (or KILLSWITCH_URL) to ${to.origin}${there.slice(0, -own.length)}`
}
