// A disk that fails as told: short counts, no space, a sync that reports an error. The rest is the real one.

import { type Disk, type Handle, realDisk } from '../../src/log/journal/disk.js'

export type Faults = {
  /** Bytes the disk still takes in all; then it is full, and says so by short counts, at last of 0. */
  room?: number
  /** The most one write takes. */
  most?: number
  /** The next writes throw this code. */
  writeError?: string
  syncError?: string
  /** Only the next sync fails. */
  syncErrorOnce?: string | undefined
  truncateError?: string
  /** No file can be opened any more. */
  openError?: string | undefined
  /** The file is closed all the same, as with close(2). */
  closeError?: string
  /** How often each was asked for. */
  syncs?: number
  /** Of folders, and of files that are replaced. */
  wholeSyncs?: number
  writes?: number
  /** How many files are open now. */
  open?: number
}

/** Acts on what `faults` holds at the time of each call. */
export const failingDisk = (faults: Faults): Disk => ({
  open: async (file, flags, mode) => {
    if (faults.openError) throw errorOf(faults.openError)
    const handle = await realDisk.open(file, flags, mode)
    faults.open = (faults.open ?? 0) + 1
    return new Proxy(handle, {
      get(target, name) {
        const member = failing(target, faults)[name as keyof Handle] ?? target[name as keyof Handle]
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
  },
})

function failing(handle: Handle, faults: Faults): Partial<Record<keyof Handle, unknown>> {
  return {
    write: async (bytes: Buffer, from: number, length: number, position: number) => {
      faults.writes = (faults.writes ?? 0) + 1
      if (faults.writeError) throw errorOf(faults.writeError)
      const taken = Math.min(length, faults.most ?? length, faults.room ?? length)
      if (faults.room !== undefined) faults.room -= taken
      if (taken === 0) return { bytesWritten: 0, buffer: bytes }
      return handle.write(bytes, from, taken, position)
    },
    datasync: async () => {
      faults.syncs = (faults.syncs ?? 0) + 1
      const error = faults.syncError ?? faults.syncErrorOnce
      faults.syncErrorOnce = undefined
      if (error) throw errorOf(error)
      return handle.datasync()
    },
    sync: async () => {
      faults.wholeSyncs = (faults.wholeSyncs ?? 0) + 1
      return handle.sync()
    },
    truncate: async (size: number) => {
      if (faults.truncateError) throw errorOf(faults.truncateError)
      return handle.truncate(size)
    },
    close: async () => {
      await handle.close()
      faults.open = (faults.open ?? 0) - 1
      if (faults.closeError) throw errorOf(faults.closeError)
    },
  }
}

const errorOf = (code: string): Error => Object.assign(new Error(`${code}: injected`), { code })
