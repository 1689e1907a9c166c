// What a key may have been meant to be, where there is none like it. It suggests and never takes one for the other: a kill
// of the wrong flag is an incident.

import { FLAG_KEY_MOST } from '../../wire/words.js'
import { byCall, type ErrorData, KillswitchError } from '../errors.js'

/** Keys that differ by case or separators alone have one form: `enable_checkout` and `EnableCheckout` are `enablecheckout`. */
export const formOf = (key: string): string => key.toLowerCase().replace(/[\s_.:/\\\p{Pd}]+/gu, '')

type Forms = ReadonlyMap<string, readonly string[]>

/** Of each set of flags its keys by form, made when first needed: a client may ask for a misspelt key all day. */
const known = new WeakMap<ReadonlyMap<string, unknown>, Forms>()

/** The keys of `flags` that differ from `asked` by case or separators alone. */
export function nearKeys(flags: ReadonlyMap<string, unknown>, asked: string): readonly string[] {
  if (asked.length > 2 * FLAG_KEY_MOST) return []
  const forms = known.get(flags) ?? formsOf(flags.keys())
  known.set(flags, forms)
  return (forms.get(formOf(asked)) ?? []).filter(key => key !== asked)
}

function formsOf(keys: Iterable<string>): Forms {
  const forms = new Map<string, string[]>()
  for (const key of keys) {
    const form = formOf(key)
    const alike = forms.get(form)
    if (alike === undefined) forms.set(form, [key])
    else alike.push(key)
  }
  return forms
}

/** `; did you mean enableCheckout?`, or a full stop where no key is near. */
export const didYouMean = (near: readonly string[]): string =>
  near.length === 0 ? '.' : `; did you mean ${near.join(' or ')}?`

export function unknownFlag(
  flags: ReadonlyMap<string, unknown>,
  asked: string,
  data: ErrorData = {},
): KillswitchError {
  const near = nearKeys(flags, asked)
  const flag = asked.slice(0, FLAG_KEY_MOST)
  return new KillswitchError('unknown-flag', `There is no flag "${flag}".`, {
    flag,
    ...data,
    ...(near.length > 0 ? { near } : {}),
    wayOut: [byCall({ method: 'GET', path: '/v1/flags' }, 'lists those there are')],
  })
}
