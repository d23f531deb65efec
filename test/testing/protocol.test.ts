import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AerospikeEmulator, startAerospikeEmulator } from '../../src/testing/index.js'
import { askInfo, openSocket, readFrame } from './info-client.js'

let server: AerospikeEmulator

beforeAll(async () => {
  server = await startAerospikeEmulator()
})

afterAll(() => server.close())

const isAlive = async () => (await askInfo(server.hosts, 'sets/test')) === ''

/** Sends bytes and returns everything that is received until the connection closes. */
async function send(...chunks: Buffer[]): Promise<Buffer> {
  const socket = await openSocket(server.hosts)
  socket.on('error', () => undefined)
  for (const chunk of chunks) socket.write(chunk)
  socket.end()
  const received: Buffer[] = []
  socket.on('data', (chunk) => received.push(chunk))
  await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(received)
}

function frame(type: number, body: Buffer): Buffer {
  const header = Buffer.from([2, type, 0, 0, 0, 0, 0, 0])
  header.writeUIntBE(body.length, 2, 6)
  return Buffer.concat([header, body])
}

function message(fields: [number, Buffer][], ops: [number, Buffer][], info = [0, 1, 0, 0]): Buffer {
  const head = Buffer.alloc(22)
  head[0] = 22
  Buffer.from(info).copy(head, 1)
  head.writeUInt16BE(fields.length, 18)
  head.writeUInt16BE(ops.length, 20)
  const parts: Buffer[] = [head]
  for (const [type, value] of fields) {
    const part = Buffer.alloc(5)
    part.writeUInt32BE(value.length + 1)
    part[4] = type
    parts.push(part, value)
  }
  for (const [op, value] of ops) {
    const part = Buffer.from([0, 0, 0, 0, op, 4, 0, 1, 0x62])
    part.writeUInt32BE(5 + value.length)
    parts.push(part, value)
  }
  return Buffer.concat(parts)
}

const DIGEST = Buffer.alloc(20, 7)
const TARGET: [number, Buffer][] = [
  [0, Buffer.from('test')],
  [4, DIGEST],
]
const codeOf = (answer: Buffer) => answer[13]

describe('(emulator) bytes that no client sends', () => {
  it('with an unknown version or type, or an impossible length, end the connection', async () => {
    expect(await send(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toHaveLength(0)
    expect(await send(Buffer.from([3, 3, 0, 0, 0, 0, 0, 0]))).toHaveLength(0)
    expect(await send(Buffer.from([2, 9, 0, 0, 0, 0, 0, 0]))).toHaveLength(0)
    expect(await send(Buffer.from([2, 3, 255, 255, 255, 255, 255, 255]))).toHaveLength(0)
    expect(await send(Buffer.from([2, 1, 255, 255, 255, 255, 255, 255]))).toHaveLength(0)
    expect(await send(Buffer.from([2]))).toHaveLength(0)
    expect(await isAlive()).toBe(true)
  })

  it('that do not match their stated lengths are answered with code 4', async () => {
    const lies = [
      Buffer.alloc(22, 255),
      Buffer.concat([Buffer.from([22]), Buffer.alloc(21, 255)]),
      message(TARGET, []).subarray(0, 30),
      Buffer.alloc(0),
    ]
    for (const lie of lies) expect(codeOf(await send(frame(3, lie)))).toBe(4)
    expect(await isAlive()).toBe(true)
  })

  it('in a batch are answered with code 4', async () => {
    const batches = [Buffer.alloc(0), Buffer.from([0, 0, 0, 9, 0]), Buffer.alloc(80, 255)]
    for (const batch of batches) {
      expect(codeOf(await send(frame(3, message([[41, batch]], [], [9, 0, 0, 0]))))).toBe(4)
    }
  })

  it('in a list or map operation are answered with code 4', async () => {
    const payloads = ['', '91', '93c0c0c0', 'dfffffffff', 'ddffffffff', '9243', 'c1', '9261']
    for (const payload of payloads) {
      const answer = await send(frame(3, message(TARGET, [[4, Buffer.from(payload, 'hex')]])))
      expect([payload, codeOf(answer)]).toEqual([payload, 4])
    }
  })

  it('nested too deeply are answered with code 4', async () => {
    const nested = Buffer.alloc(1024 * 1024, 0x91)
    expect(codeOf(await send(frame(3, message(TARGET, [[4, nested]]))))).toBe(4)
  })

  it('in a compressed frame that cannot be decompressed end the connection', async () => {
    expect(await send(frame(4, Buffer.alloc(40, 1)))).toHaveLength(0)
    expect(await isAlive()).toBe(true)
  })

  it('chosen at random do no harm', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 3, 4),
        fc.uint8Array({ maxLength: 200 }),
        fc.boolean(),
        async (type, bytes, isFramed) => {
          const body = Buffer.from(bytes)
          await send(isFramed ? frame(type, body) : body)
        },
      ),
      { numRuns: 150 },
    )
    expect(await isAlive()).toBe(true)
  })

  it('chosen at random in place of ops do no harm', async () => {
    const op = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.uint8Array({ maxLength: 30 }))
    await fc.assert(
      fc.asyncProperty(
        fc.array(op, { maxLength: 4 }),
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        async (ops, info) => {
          const pairs = ops.map(([code, value]): [number, Buffer] => [code, Buffer.from(value)])
          expect(await send(frame(3, message(TARGET, pairs, [...info])))).not.toHaveLength(0)
        },
      ),
      { numRuns: 150 },
    )
    expect(await isAlive()).toBe(true)
  })
})

// This test does not use the native client, because that can crash after a refused query.
describe('(emulator) a query by an index', () => {
  it('is refused with code 16', async () => {
    const query: [number, Buffer][] = [
      [0, Buffer.from('test')],
      [1, Buffer.from('set')],
      [22, Buffer.alloc(20)],
    ]
    expect(codeOf(await send(frame(3, message(query, [], [1, 0, 0, 0]))))).toBe(16)
  })
})

describe('(emulator) bytes in any chunks', () => {
  it('make the same command', async () => {
    const write = frame(3, message(TARGET, [[2, Buffer.from('x')]]))
    const socket = await openSocket(server.hosts)
    socket.setNoDelay(true)
    for (const byte of write) {
      await new Promise((resolve) => socket.write(Buffer.of(byte), resolve))
    }
    expect((await readFrame(socket))[5]).toBe(0)
    socket.destroy()
    server.faults.loseSet('test', '')
  })

  it('that make several commands are answered in the same order', async () => {
    const write = frame(3, message(TARGET, [[2, Buffer.from('x')]]))
    const read = frame(3, message(TARGET, [], [3, 0, 0, 0]))
    const remove = frame(3, message(TARGET, [], [0, 3, 0, 0]))
    const answers = await send(Buffer.concat([read, write, read, remove, read]))
    const codes: number[] = []
    for (let at = 0; at < answers.length; at += 8 + answers.readUIntBE(at + 2, 6)) {
      codes.push(answers[at + 13] as number)
    }
    expect(codes).toEqual([2, 0, 0, 0, 2])
  })
})
