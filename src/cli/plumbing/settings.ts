// Where the service is and who asks: from flags, then the environment, then a config file that only its owner may read.
// The only file of the CLI that reads the environment.

import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { exposureOf, type Owned } from '../../domain/exposure.js'
import { shownUrl } from '../client/receiver.js'
import { UsageError } from './exit.js'

export const environment: NodeJS.ProcessEnv = process.env

const DEFAULT_URL = 'http://127.0.0.1:8080'

export type GlobalOptions = {
  url?: string[]
  token?: string
  config?: string
  timeout?: number
  json?: true
}
export type Settings = { urls: string[]; token?: string; timeoutMs: number }

type Env = NodeJS.ProcessEnv
type ConfigFile = { url?: string[]; token?: string }

const DEFAULT_TIMEOUT_S = 5

/** Throws a `UsageError` for what cannot be used. The file is not read where flags and environment say it all. */
export async function readSettings(options: GlobalOptions, env: Env = environment): Promise<Settings> {
  const url = options.url ?? listOf(env.KILLSWITCH_URL)
  const token = options.token ?? (env.KILLSWITCH_TOKEN || undefined)
  const isComplete = url !== undefined && token !== undefined && options.config === undefined
  const file = isComplete ? {} : await readConfigFile(options, env)
  const urls = (url ?? file.url ?? [DEFAULT_URL]).map(asBase)
  const found = token ?? file.token
  if (found !== undefined && !/^[\x21-\x7e]+$/.test(found))
    throw new UsageError('The token has a space, a line break or a letter beyond ASCII in it: copy it again.')
  return {
    urls: [...new Set(urls)],
    timeoutMs: (options.timeout ?? DEFAULT_TIMEOUT_S) * 1000,
    ...(found === undefined ? {} : { token: found }),
  }
}

/** The config file there would be, whether it is there or not. */
export const configPath = ({ config }: GlobalOptions, env: Env = environment): string =>
  config ??
  (env.KILLSWITCH_CONFIG ||
    join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'killswitch', 'config.yaml'))

async function readConfigFile(options: GlobalOptions, env: Env): Promise<ConfigFile> {
  const path = configPath(options, env)
  const isNamed = options.config !== undefined || Boolean(env.KILLSWITCH_CONFIG)
  const owned = await ownedBy(path)
  if (owned === undefined) {
    if (isNamed) throw new UsageError(`There is no config file ${path}.`)
    return {}
  }
  const exposed = await exposedFile(path)
  if (exposed !== undefined) throw new UsageError(`It holds a token, and is not yours alone: ${exposed}`)
  return parseConfig(await readFile(path, 'utf8'), path)
}

/** Why a file with a secret is not its reader's alone; undefined where it is. */
export async function exposedFile(path: string): Promise<string | undefined> {
  const owned = await ownedBy(path)
  return owned && exposureOf(path, owned, 'read', process.getuid?.())
}

/** The permission bits and the owner of a file; undefined where there is none. */
export async function ownedBy(path: string): Promise<Owned | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw new UsageError(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  }
}

function parseConfig(text: string, path: string): ConfigFile {
  const expected = 'give "url: https://..." (or a list of them) and "token: ks_..."'
  let found: unknown
  try {
    found = parse(text, { prettyErrors: false })
  } catch (error) {
    throw new UsageError(`${path} is not YAML: ${(error as Error).message} Expected: ${expected}.`)
  }
  if (found === null || typeof found !== 'object' || Array.isArray(found))
    throw new UsageError(`${path} is not a mapping: ${expected}.`)
  const { url, token, ...others } = found as Record<string, unknown>
  const [strange] = Object.keys(others)
  if (strange !== undefined) throw new UsageError(`${path} has a member "${strange}": ${expected}.`)
  const urls = url === undefined ? undefined : [url].flat()
  if (urls?.some(each => typeof each !== 'string') || (token !== undefined && typeof token !== 'string'))
    throw new UsageError(`${path}: ${expected}.`)
  return {
    ...(urls === undefined ? {} : { url: (urls as string[]).flatMap(each => listOf(each) ?? []) }),
    ...(token === undefined ? {} : { token: token as string }),
  }
}

/** `a, b` as `[a, b]`; undefined where nothing is given. */
export function listOf(text: string | undefined): string[] | undefined {
  const found = (text ?? '')
    .split(',')
    .map(each => each.trim())
    .filter(each => each !== '')
  return found.length > 0 ? found : undefined
}

/** `http://host:8080` without a slash at its end. */
function asBase(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError(
      `"${shownUrl(given)}" is not the URL of a service: give one such as https://killswitch.example:8080.`,
    )
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new UsageError(
      `"${url.origin}" has more than a host and a path: a token goes into KILLSWITCH_TOKEN.`,
    )
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}
