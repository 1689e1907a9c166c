// A service for OpenFeature clients: flags of every type, with targeting, in two applications, and tokens limited to one.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { newToken, sha256 } from '../../src/tokens/first-start.js'
import type { Role } from '../../src/wire/words.js'
import { type Answer, type Ask, aServer, type Given, type TestServer } from './server.js'
import { type Teardown, testdir } from './testdir.js'

type Spec = {
  variants: Record<string, unknown>
  on: string
  kill: string
  targeting?: unknown
}

const TYPED: Record<string, Spec> = {
  'shop.checkout': { variants: { on: true, off: false }, on: 'on', kill: 'off' },
  'shop.theme': { variants: { dark: 'dark', light: 'light' }, on: 'dark', kill: 'light' },
  'shop.limit': { variants: { high: 10.5, low: 1 }, on: 'high', kill: 'low' },
  'shop.model': { variants: { big: { name: 'big' }, small: { name: 'small' } }, on: 'big', kill: 'small' },
  'shop.beta': {
    variants: { on: true, pro: true, off: false },
    on: 'on',
    kill: 'off',
    targeting: { if: [{ '==': [{ var: 'plan' }, 'pro'] }, 'pro'] },
  },
  // gives back whatever the context says, a variant or not
  'shop.odd': { variants: { on: true, off: false }, on: 'on', kill: 'off', targeting: { var: 'variant' } },
  'shop.share': {
    variants: { on: true, off: false },
    on: 'on',
    kill: 'off',
    targeting: {
      fractional: [
        ['on', 50],
        ['off', 50],
      ],
    },
  },
}
const OTHER: Record<string, Spec> = {
  'bank.transfer': { variants: { on: true, off: false }, on: 'on', kill: 'off' },
}

export type OpenFeatureServer = TestServer & {
  tokensFile: string
  /** Of an application: `shop` is limited to it, `sdk` is not. */
  shop: string
  /** Of a web page of that application: it may evaluate, and nothing else. */
  page: string
  /** Asks as any token, or as none. */
  as: (token: string | undefined, method: 'GET' | 'POST', path: string, asked?: Ask) => Promise<Answer>
  kill: (flag: string, incident?: string) => Promise<Answer>
}

export async function anOpenFeatureServer(t: Teardown, given: Given = {}): Promise<OpenFeatureServer> {
  const folder = testdir(t)
  const flagsDir = join(folder, 'flags')
  mkdirSync(flagsDir)
  writeFileSync(join(flagsDir, 'shop.yaml'), stringify({ name: 'Shop', flags: flagsOf(TYPED) }))
  writeFileSync(join(flagsDir, 'bank.yaml'), stringify({ name: 'Bank', flags: flagsOf(OTHER) }))
  const roles = ['sdk', 'viewer', 'operator', 'engineer'] as const
  const tokens = Object.fromEntries(roles.map(role => [role, newToken(role)])) as Record<Role, string>
  const [shop, page] = [newToken('shop'), newToken('page')]
  const tokensFile = join(folder, 'tokens.yaml')
  const list = [
    ...roles.map(role => ({ id: role, role, sha256: sha256(tokens[role]) })),
    { id: 'shop-web', role: 'sdk', sha256: sha256(shop), apps: ['shop'] },
    { id: 'shop-page', role: 'sdk', sha256: sha256(page), apps: ['shop'], only: 'evaluate' },
  ]
  writeFileSync(tokensFile, stringify(list))
  const server = await aServer(t, { flagsDir, tokensFile, tokens, ...given })
  const as = (
    token: string | undefined,
    method: 'GET' | 'POST',
    path: string,
    { headers, ...asked }: Ask = {},
  ) =>
    server.ask(undefined, method, path, {
      ...asked,
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
    })
  const kill = (flag: string, incident = 'INC-1') =>
    server.ask('operator', 'POST', `/v1/flags/${flag}/kill`, { body: { incident } })
  return { ...server, tokensFile, shop, page, as, kill }
}

const flagsOf = (specs: Record<string, Spec>): object =>
  Object.fromEntries(
    Object.entries(specs).map(([key, { variants, on, kill, targeting }]) => [
      key,
      {
        state: 'ENABLED',
        variants,
        defaultVariant: on,
        ...(targeting === undefined ? {} : { targeting }),
        metadata: {
          description: key,
          owner: 'On-call',
          effect: 'New requests are refused.',
          killVariant: kill,
          killLabel: `Turn ${key} off`,
          restoreLabel: `Turn ${key} on`,
        },
      },
    ]),
  )
