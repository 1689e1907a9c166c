// What the journal asks of a disk, and the acts that make a change of it durable. The seam through which tests make a
// disk fail; it must never swallow an error or retry a sync.

import { type FileHandle, open as openFile, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Says what an operator should know; goes to the service's log. */
export type Log = (message: string, fields?: Record<string, unknown>) => void

export type Handle = Pick<FileHandle, 'read' | 'write' | 'truncate' | 'datasync' | 'sync' | 'stat' | 'close'>

/** What reading takes of a handle. */
export type Reader = {
  read(bytes: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
}

export type Disk = { open(file: string, flags: string | number, mode?: number): Promise<Handle> }
export const realDisk: Disk = { open: (file, flags, mode) => openFile(file, flags, mode) }

/** Writes all bytes at the offset: a full disk shows as a short count, not as an error. */
export async function writeFully(handle: Handle, bytes: Buffer, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done)
    if (bytesWritten === 0) throw new Error(`the disk took ${done} of ${bytes.length} bytes: is it full?`)
    done += bytesWritten
  }
}

/** A file that is open only while it is read from: whoever takes lines slowly takes no file from a kill. */
export const openedToRead = (disk: Disk, file: string): Reader => ({
  read: async (bytes, offset, length, position) =>
    using(await disk.open(file, 'r'), handle => handle.read(bytes, offset, length, position)),
})

/** Reads `length` bytes from the offset; fewer only where the file ends. */
export async function readFully(handle: Reader, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return bytes.subarray(0, done)
}

export async function using<T>(handle: Handle, use: (handle: Handle) => Promise<T>): Promise<T> {
  try {
    return await use(handle)
  } finally {
    await handle.close()
  }
}

/** Makes names created, renamed or removed in a folder durable. */
export const syncFolder = async (disk: Disk, folder: string): Promise<void> =>
  using(await disk.open(folder, 'r'), handle => handle.sync())

/** Puts a file in place all at once: after a crash there is the old one or the new one, whole. */
export async function replaceFile(disk: Disk, file: string, bytes: Buffer): Promise<void> {
  const temporary = `${file}.tmp`
  try {
    await using(await disk.open(temporary, 'w', 0o600), async handle => {
      await writeFully(handle, bytes, 0)
      await handle.sync()
    })
    await rename(temporary, file)
  } catch (error) {
    // half a file would keep the room that a full disk has set free for kills
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  await syncFolder(disk, dirname(file))
}
