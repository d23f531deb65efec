/**
 * The code of the worker that owns the sockets. The client's `connect()` blocks its thread until a
 * server has answered, so a server on that same thread could never answer. The worker answers the
 * questions that a client asks while it connects, and passes all other bytes to the main thread.
 *
 * The code is a string, so that it runs wherever the emulator runs: from TypeScript sources under a
 * test runner, which a worker could not load, and from a bundle.
 */
export const WORKER_SOURCE = `
const { createServer } = require('node:net')
const { parentPort, workerData } = require('node:worker_threads')

const state = new Int32Array(workerData)
// FROZEN and DELAY are indexes into the state.
const FROZEN = 0
const DELAY = 1
const HEADER = 8
const INFO = 1
const MAX_INFO_BYTES = 65536
let answers = new Map()
let server
let nextId = 0
let held = []
const connections = new Map()

// All events of one turn of the event loop are sent in one message, because messages between
// threads are the largest cost.
let outbox = []

function post(message) {
  outbox.push(message)
  if (outbox.length > 1) return
  setImmediate(() => {
    const messages = outbox
    outbox = []
    parentPort.postMessage(messages)
  })
}

function whenThawed(action) {
  if (Atomics.load(state, FROZEN) === 1 || held.length > 0) held.push(action)
  else action()
}

function accept(socket) {
  const connection = { id: nextId++, socket, raw: false, pending: Buffer.alloc(0), busyUntil: 0 }
  connections.set(connection.id, connection)
  socket.setNoDelay(true)
  socket.on('data', (chunk) => whenThawed(() => receive(connection, chunk)))
  socket.on('end', () => whenThawed(() => ended(connection)))
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    connections.delete(connection.id)
    if (connection.raw) post({ kind: 'closed', id: connection.id })
  })
}

function ended(connection) {
  if (connection.raw) post({ kind: 'ended', id: connection.id })
  else write(connection, Buffer.alloc(0), 'end')
}

function receive(connection, chunk) {
  if (!connection.raw) {
    const bytes = connection.pending.length === 0 ? chunk : Buffer.concat([connection.pending, chunk])
    connection.pending = Buffer.alloc(0)
    chunk = answerInfo(connection, bytes)
    if (chunk === undefined) return
    connection.raw = true
  }
  post({ kind: 'data', id: connection.id, bytes: chunk })
}

// Answers info commands. Returns the bytes that the main thread must handle; undefined if there are
// none, or if a frame is not complete yet.
function answerInfo(connection, bytes) {
  while (bytes.length >= HEADER) {
    const length = bytes.readUIntBE(2, 6)
    if (bytes[0] !== 2 || bytes[1] !== INFO || length > MAX_INFO_BYTES) return bytes
    if (bytes.length < HEADER + length) break
    const text = answerLines(bytes.toString('latin1', HEADER, HEADER + length))
    if (text === undefined) return bytes
    const answer = Buffer.alloc(HEADER + text.length)
    answer[0] = 2
    answer[1] = INFO
    answer.writeUIntBE(text.length, 2, 6)
    answer.write(text, HEADER, 'latin1')
    write(connection, answer, 'open')
    bytes = bytes.subarray(HEADER + length)
  }
  // If the first bytes cannot begin an info frame, they are passed on without waiting for the
  // others.
  if (bytes.length > 0 && (bytes[0] !== 2 || (bytes.length > 1 && bytes[1] !== INFO))) return bytes
  connection.pending = bytes
}

function answerLines(body) {
  let text = ''
  for (const line of body.split('\\n')) {
    if (line === '') continue
    const answer = answers.get(line.startsWith('user-agent-set:') ? 'user-agent-set' : line)
    if (answer === undefined) return undefined
    text += line + '\\t' + answer + '\\n'
  }
  return text
}

function write(connection, bytes, then) {
  const delay = Atomics.load(state, DELAY)
  const now = Date.now()
  if (delay === 0 && connection.busyUntil <= now) {
    put(connection, bytes, then)
    return
  }
  // An answer must not arrive before an earlier one whose delay was longer.
  connection.busyUntil = Math.max(now + delay, connection.busyUntil)
  setTimeout(() => put(connection, bytes, then), connection.busyUntil - now)
}

function put({ socket }, bytes, then) {
  if (socket.destroyed) return
  if (then === 'open') socket.write(bytes)
  else socket.end(bytes, () => socket.destroy())
}

function listen(port) {
  // With half-open sockets, a client that has closed its sending side still gets its answers.
  server = createServer({ allowHalfOpen: true }, accept)
  server.once('error', (error) => post({ kind: 'failed', error }))
  server.listen(port, '127.0.0.1', () =>
    post({ kind: 'listening', port: server.address().port }),
  )
}

function stop() {
  const stopped = () => post({ kind: 'stopped' })
  if (server === undefined) return stopped()
  server.close(stopped)
  server = undefined
  held = []
  for (const { socket } of connections.values()) socket.destroy()
}

parentPort.on('message', (message) => {
  if (Array.isArray(message)) message.forEach(handle)
  else handle(message)
})

function handle(message) {
  switch (message.kind) {
    case 'write': {
      const connection = connections.get(message.id)
      if (connection === undefined) return
      whenThawed(() => write(connection, message.bytes, message.then))
      return
    }
    case 'answers':
      answers = message.answers
      post({ kind: 'answersKnown' })
      return
    case 'listen':
      return listen(message.port)
    case 'stop':
      return stop()
    case 'thaw': {
      const actions = held
      held = []
      for (const action of actions) action()
    }
  }
}
`
