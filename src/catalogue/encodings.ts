// From the bytes of a file to its text: UTF-8, or what else people's editors save. What holds no text is named. It guesses
// only where the bytes allow one answer.

import { isUtf8 } from 'node:buffer'

export type Decoded = {
  /** Undefined where the bytes are no text. */
  text: string | undefined
  /** What the file is, where it is not UTF-8. */
  encoding?: string
}

const BINARY: readonly (readonly [name: string, start: readonly number[]])[] = [
  ['a PDF', [0x25, 0x50, 0x44, 0x46]],
  ['a ZIP archive, as word processors save', [0x50, 0x4b, 0x03, 0x04]],
  ['a document of an old word processor', [0xd0, 0xcf, 0x11, 0xe0]],
  ['a gzip archive', [0x1f, 0x8b]],
  ['a PNG image', [0x89, 0x50, 0x4e, 0x47]],
  ['a JPEG image', [0xff, 0xd8, 0xff]],
  ['a text in UTF-32', [0xff, 0xfe, 0x00, 0x00]],
  ['a text in UTF-32', [0x00, 0x00, 0xfe, 0xff]],
]

export function decode(bytes: Buffer): Decoded {
  const binary = BINARY.find(([, start]) => start.every((byte, index) => bytes[index] === byte))
  if (binary) return { text: undefined, encoding: binary[0] }
  const wide = wideEncoding(bytes)
  if (wide) {
    const text = tryDecode(bytes, wide)
    return text === undefined
      ? { text: undefined, encoding: `a damaged text in ${wide.toUpperCase()}` }
      : { text, encoding: wide.toUpperCase() }
  }
  if (isUtf8(bytes) || isMostlyUtf8(bytes)) return { text: bytes.toString('utf8') }
  if (bytes.includes(0)) return { text: undefined, encoding: 'a file of binary data' }
  if (!bytes.some(byte => UNASSIGNED.includes(byte)))
    return { text: fromWindows(bytes), encoding: 'Windows-1252 (Latin-1)' }
  return { text: bytes.toString('utf8'), encoding: 'neither UTF-8, UTF-16 nor Windows-1252' }
}

/** Bytes that stand for nothing in Windows-1252. */
const UNASSIGNED = [0x81, 0x8d, 0x8f, 0x90, 0x9d]

/** 0x80 to 0x9f. Some versions of Node take them for control characters, as Latin-1 has them. */
const WINDOWS = '€?‚ƒ„…†‡ˆ‰Š‹Œ?Ž??‘’“”•–—˜™š›œ?žŸ'

const fromWindows = (bytes: Buffer): string =>
  bytes.toString('latin1').replace(/[\u0080-\u009f]/g, char => WINDOWS.charAt(char.charCodeAt(0) - 0x80))

/** UTF-16 by its mark, or by a NUL in every other byte: no text has one otherwise. */
function wideEncoding(bytes: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  const nuls = [0, 0]
  const looked = bytes.subarray(0, 4096)
  looked.forEach((byte, index) => {
    if (byte === 0) nuls[index % 2]!++
  })
  const half = looked.length / 2
  if (half < 2) return undefined
  if (nuls[1]! > half * 0.4 && nuls[0]! < half * 0.05) return 'utf-16le'
  return nuls[0]! > half * 0.4 && nuls[1]! < half * 0.05 ? 'utf-16be' : undefined
}

/** A text of UTF-8 with some damage: more of its letters are whole than are not. */
function isMostlyUtf8(bytes: Buffer): boolean {
  const text = bytes.toString('utf8')
  const damaged = text.split('\ufffd').length - 1
  const whole = Array.from(text.matchAll(/[^\p{ASCII}\ufffd]/gu)).length
  return whole > damaged
}

function tryDecode(bytes: Buffer, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
