// Whether a file that holds or grants authority is in the hands of others than who reads it. Pure: what the file system and
// the process say is passed in.

export type Owned = { mode: number; uid: number }

/** What others must not be able to do with the file. */
const FORBIDDEN = { read: 0o077, change: 0o022 } as const
export type Kept = keyof typeof FORBIDDEN

/**
 * What is wrong with the file and how to mend it; undefined where nothing is. `from`: what others are kept from. Root is no
 * other; `me` is undefined where the system knows no users.
 */
export function exposureOf(
  path: string,
  { mode, uid }: Owned,
  from: Kept,
  me: number | undefined,
): string | undefined {
  if (me === undefined) return undefined
  if (uid !== me && uid !== 0)
    return `${path} belongs to another user (${uid}), who may ${from} it. Run: sudo chown ${me} ${path}`
  if ((mode & FORBIDDEN[from]) === 0) return undefined
  const bits = (mode & 0o777).toString(8).padStart(4, '0')
  return `${path} has mode ${bits}: others may ${from} it. Run: chmod ${from === 'read' ? '600' : 'go-w'} ${path}`
}
