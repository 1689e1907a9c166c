// leveldb, as the index opens it, and what it reports of itself.

import { ClassicLevel } from 'classic-level'

export type Database = ClassicLevel<Buffer, Buffer>

/** The index contradicts itself or the journal. */
export class IndexDamage extends Error {}

/** What leveldb reports of itself, or what contradicts the journal; not a journal that cannot be read. */
export const isDamage = (error: unknown): boolean =>
  error instanceof IndexDamage || String((error as { code?: unknown }).code).startsWith('LEVEL_')

export async function openLevel(
  folder: string,
  options: { createIfMissing?: boolean } = {},
): Promise<Database> {
  const database: Database = new ClassicLevel<Buffer, Buffer>(folder, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
  })
  await database.open(options)
  return database
}

/** leveldb says "Database failed to open", and why in the cause. */
export function describe(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}
