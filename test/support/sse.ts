// Reads an event stream as it comes, block by block.

export type SseBlock = { id?: string; data?: string; comment?: string; retry?: string }

export type SseReader = {
  status: number
  headers: Headers
  /** The next block; rejects when the stream is over. */
  next: () => Promise<SseBlock>
  /** The next block that has data, as JSON. */
  nextData: () => Promise<Record<string, unknown> & { id: string | undefined }>
  /** Resolves when the other side has ended the stream. */
  ended: () => Promise<void>
  close: () => void
}

export async function openSse(url: string, headers: Record<string, string> = {}): Promise<SseReader> {
  const abort = new AbortController()
  const response = await fetch(url, { headers, signal: abort.signal })
  const chunks = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream() as never)
  const reader = (chunks as ReadableStream<string>).getReader()
  let text = ''
  const next = async (): Promise<SseBlock> => {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end >= 0) {
        const block = text.slice(0, end)
        text = text.slice(end + 2)
        return blockOf(block)
      }
      const { value, done } = await reader.read()
      if (done) throw new Error('the stream is over')
      text += value
    }
  }
  const nextData = async () => {
    for (;;) {
      const { id, data } = await next()
      if (data !== undefined) return { id, ...(JSON.parse(data) as object) }
    }
  }
  const ended = async () => {
    for (;;) {
      try {
        await next()
      } catch {
        return
      }
    }
  }
  return {
    status: response.status,
    headers: response.headers,
    next,
    nextData: nextData as SseReader['nextData'],
    ended,
    close: () => abort.abort(),
  }
}

function blockOf(text: string): SseBlock {
  const block: SseBlock = {}
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^([a-z]*): ?(.*)$/.exec(line) ?? []
    if (name === '') block.comment = value
    else if (name === 'id' || name === 'data' || name === 'retry') block[name] = value
  }
  return block
}
