import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Sends one info command over a new connection, without the native client. */
export async function askInfo(hosts: string, command: string): Promise<string> {
  const socket = await openSocket(hosts)
  try {
    const body = Buffer.from(`${command}\n`)
    const header = Buffer.alloc(8)
    header[0] = 2
    header[1] = 1
    header.writeUIntBE(body.length, 2, 6)
    socket.write(Buffer.concat([header, body]))
    const answer = await readFrame(socket)
    return answer.toString().split('\t').slice(1).join('\t').trim()
  } finally {
    socket.destroy()
  }
}

export async function openSocket(hosts: string): Promise<Socket> {
  const [host = '127.0.0.1', port] = (hosts.split(',')[0] ?? '').split(':')
  const socket = connect(Number(port), host)
  await once(socket, 'connect')
  return socket
}

/** Returns the body of the next frame. @throws Error if the connection ends first. */
export async function readFrame(socket: Socket): Promise<Buffer> {
  let bytes = Buffer.alloc(0)
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    bytes = Buffer.concat([bytes, chunk as Buffer])
    if (bytes.length >= 8 && bytes.length >= 8 + bytes.readUIntBE(2, 6)) {
      return bytes.subarray(8, 8 + bytes.readUIntBE(2, 6))
    }
  }
  throw new Error('the connection ended before the answer was complete')
}
