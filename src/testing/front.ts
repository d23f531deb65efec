import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { WORKER_SOURCE } from './front-worker.js'

/** The indexes of the two values in the memory that is shared with the worker. */
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

/** Gets the events of connections, except for the commands that the worker answers by itself. */
export interface FrontListener {
  received(connection: number, bytes: Buffer): void
  /** The client will send no more. */
  ended(connection: number): void
  closed(connection: number): void
}

/** The network side of the emulator, which runs in a worker: see front-worker.ts. */
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

  /**
   * @returns the port, which the system chose if it was 0.
   * @throws Error if the port is taken.
   */
  async listen(port: number): Promise<number> {
    const reply = await this.#ask({ kind: 'listen', port })
    if (reply.kind === 'failed') throw reply.error
    return reply.kind === 'listening' ? reply.port : port
  }

  /** Closes all connections and frees the port. */
  async stop(): Promise<void> {
    await this.#ask({ kind: 'stop' })
  }

  /** Gives the worker the answers that it sends by itself, by the names of the info commands. */
  async know(answers: ReadonlyMap<string, string>): Promise<void> {
    await this.#ask({ kind: 'answers', answers })
  }

  /**
   * Sends bytes, then keeps the connection open or ends it. Only the listener may call this: the
   * bytes are sent to the worker after all events of the turn have been handled.
   */
  write(connection: number, parts: readonly Buffer[], then: 'open' | 'end'): void {
    // The bytes need memory of their own: a pooled buffer cannot be transferred to the worker, and
    // would be copied together with the other buffers in its pool.
    const size = parts.reduce((sum, part) => sum + part.length, 0)
    const bytes = new Uint8Array(size)
    let at = 0
    for (const part of parts) {
      bytes.set(part, at)
      at += part.length
    }
    this.#answers.push({ kind: 'write', id: connection, bytes, then })
  }

  /** Sends all answers of one turn to the worker, in one message. */
  #send(): void {
    if (this.#answers.length === 0) return
    const answers = this.#answers
    this.#answers = []
    this.#worker.postMessage(
      answers,
      answers.map(({ bytes }) => bytes.buffer),
    )
  }

  // This is in shared memory, so that it already holds for bytes that a client sends after this
  // call.
  set isFrozen(frozen: boolean) {
    Atomics.store(this.#state, FROZEN, frozen ? 1 : 0)
    if (!frozen) this.#worker.postMessage({ kind: 'thaw' })
  }

  /** The delay of each answer in milliseconds. */
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

  /**
   * Asks the worker one question at a time, so that the next reply always answers that question.
   */
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
