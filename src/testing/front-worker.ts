/**
 * The client's `connect()` blocks its thread until a server has answered. A server on that same
 * thread would never get to answer, so the sockets live in a worker, which knows the answers to the
 * questions that a client asks while it connects and hands every other byte to this thread.
 *
 * Its code is a string so that it runs wherever the emulator does: from sources under a test runner,
 * which a worker could not load, as well as from a bundle.
 */
export const WORKER_SOURCE = `
const { createServer } = require('node:net')
const { parentPort, workerData } = require('node:worker_threads')

const state = new Int32Array(workerData)
const FROZEN = 0
const DELAY = 1
const HEADER = 8
const INFO = 1
const MAX_INFO = 65536
let answers = new Map()
let server
let nextId = 0
let held = []
const connections = new Map()

// What comes in one turn of the loop goes over in one message: passing messages is what costs most.
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

// Returns what is not for here; undefined if everything was, or has not come yet.
function answerInfo(connection, bytes) {
  while (bytes.length >= HEADER) {
    const length = bytes.readUIntBE(2, 6)
    if (bytes[0] !== 2 || bytes[1] !== INFO || length > MAX_INFO) return bytes
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
  // A first byte that cannot begin an info frame must not wait for seven more.
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
  // No answer may overtake another.
  connection.busyUntil = Math.max(now + delay, connection.busyUntil)
  setTimeout(() => put(connection, bytes, then), connection.busyUntil - now)
}

function put({ socket }, bytes, then) {
  if (socket.destroyed) return
  if (then === 'open') socket.write(bytes)
  else socket.end(bytes, () => socket.destroy())
}

function listen(port) {
  // Half open, so that a client which has said all it has to say still gets its answers.
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
