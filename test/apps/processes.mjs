// Processes that load the package both ways, that have worker threads, or that are frozen between two events.
import assert from 'node:assert'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { environment, run } from './run.mjs'

/** Starts the function of src/lambda.cjs, to which events can be sent. */
function startFunction({ folder, env }, hosts) {
  const child = fork(join(folder, 'src/lambda.cjs'), {
    env: environment({ ...env, HOSTS: hosts }),
  })
  return {
    child,
    async send(event) {
      child.send(event)
      const [answer] = await once(child, 'message')
      return answer
    },
  }
}

/** Resolves when the process is stopped. */
async function stopped(pid) {
  while (!/^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) {
    await new Promise(setImmediate)
  }
}

export const processes = {
  'import and require give one copy': ({ folder }) => {
    assert.match(run(process.execPath, ['src/one-copy.mjs'], { cwd: folder }), /one copy/)
  },
  'memory() runs in a worker thread, and aerospike() is refused there': ({ folder, env }) => {
    const output = run(process.execPath, ['src/worker.mjs'], { cwd: folder, env })
    assert.match(
      output,
      /ConfigurationError: aerospike\(\): expected to be called in the main thread/,
    )
    assert.match(output, /miss, hit/)
    assert.match(output, /ended with 0, the process lives/)
  },
  'a function that was frozen between two events sees the writes of others': async (project) => {
    if (process.platform !== 'linux') return 'it needs /proc'
    const from = createRequire(join(project.folder, 'package.json'))
    const { startAerospikeEmulator } = from('prisma-extension-cache-aside/testing')
    const emulator = await startAerospikeEmulator()
    const hosts = `127.0.0.1:${emulator.port}`
    const [one, other] = [startFunction(project, hosts), startFunction(project, hosts)]
    try {
      await one.send({ write: 'before' })
      const { texts } = await one.send({})
      assert.equal((await one.send({})).status, 'hit')
      one.child.kill('SIGSTOP')
      await stopped(one.child.pid)
      await other.send({ write: 'while it is frozen' })
      one.child.kill('SIGCONT')
      const thawed = await one.send({})
      assert.deepEqual(thawed, { status: 'miss', texts: [...texts, 'while it is frozen'] })
      assert.equal((await one.send({})).status, 'hit')
    } finally {
      for (const { child } of [one, other]) child.kill('SIGKILL')
      await emulator.close()
    }
  },
}
