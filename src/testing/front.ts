import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { WORKER_SOURCE } from './front-worker.js'

const FROZEN = 0
const DELAY = 1

type FromWorker =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'stopped' | 'answersKnown' }
  | { readonly kind: 'data'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'ended' | 'closed'; readonly id: number }

interface Write {
  readonly kind: 'write'
  readonly id: number
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly then: 'open' | 'end'
}

/** What happens on the connections that the worker does not answer by itself. */
export interface FrontListener {
  received(connection: number, bytes: Buffer): void
  /** The client will send no more. */
  ended(connection: number): void
  closed(connection: number): void
}

/** The network side of the emulator. */
export class Front {
  readonly #worker: Worker
  readonly #state: Int32Array<SharedArrayBuffer>
  readonly #listener: FrontListener
  #reply: ((message: FromWorker) => void) | undefined
  #lastAnswer: Promise<unknown> = Promise.resolve()
  #answers: Write[] = []

  constructor(listener: FrontListener) {
    const shared = new SharedArrayBuffer(8)
    this.#state = new Int32Array(shared)
    this.#listener = listener
    this.#worker = new Worker(WORKER_SOURCE, { eval: true, workerData: shared })
    this.#worker.on('message', (messages: readonly FromWorker[]) => {
      for (const message of messages) this.#receive(message)
      this.#send()
    })
  }

  /** @returns the port, which is another one if it was 0. @throws where the port is taken. */
  async listen(port: number): Promise<number> {
    const reply = await this.#ask({ kind: 'listen', port })
    if (reply.kind === 'failed') throw reply.error
    return reply.kind === 'listening' ? reply.port : port
  }

  /** Cuts all connections and frees the port. */
  async stop(): Promise<void> {
    await this.#ask({ kind: 'stop' })
  }

  /** What the worker answers by itself: info commands by their names. */
  async know(answers: ReadonlyMap<string, string>): Promise<void> {
    await this.#ask({ kind: 'answers', answers })
  }

  /** In answer to what the listener is told: sends bytes, then keeps the connection or ends it. */
  write(connection: number, parts: readonly Buffer[], then: 'open' | 'end'): void {
    // A buffer of its own: a pooled one would be copied with all that shares its memory.
    const size = parts.reduce((sum, part) => sum + part.length, 0)
    const bytes = new Uint8Array(size)
    let at = 0
    for (const part of parts) {
      bytes.set(part, at)
      at += part.length
    }
    this.#answers.push({ kind: 'write', id: connection, bytes, then })
  }

  /** Sends what the messages of one turn have come to. */
  #send(): void {
    if (this.#answers.length === 0) return
    const answers = this.#answers
    this.#answers = []
    this.#worker.postMessage(
      answers,
      answers.map(({ bytes }) => bytes.buffer),
    )
  }

  // In shared memory, so that what a client sends after this call already meets the new state.
  set isFrozen(frozen: boolean) {
    Atomics.store(this.#state, FROZEN, frozen ? 1 : 0)
    if (!frozen) this.#worker.postMessage({ kind: 'thaw' })
  }

  /** Milliseconds. */
  set delay(milliseconds: number) {
    Atomics.store(this.#state, DELAY, milliseconds)
  }

  async close(): Promise<void> {
    await this.stop()
    const exit = once(this.#worker, 'exit')
    await this.#worker.terminate()
    await exit
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'data': {
        const { buffer, byteOffset, byteLength } = message.bytes
        this.#listener.received(message.id, Buffer.from(buffer, byteOffset, byteLength))
        return
      }
      case 'ended':
        this.#listener.ended(message.id)
        return
      case 'closed':
        this.#listener.closed(message.id)
        return
      default:
        this.#reply?.(message)
    }
  }

  /** One question at a time: only so does an answer belong to its question. */
  #ask(message: object): Promise<FromWorker> {
    const answer = this.#lastAnswer.then(
      () =>
        new Promise<FromWorker>((resolve) => {
          this.#reply = resolve
          this.#worker.postMessage(message)
        }),
    )
    this.#lastAnswer = answer
    return answer
  }
}
