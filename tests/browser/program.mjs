// Starts and stops the real program, and looks at what it holds.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADDRESS, ARTEFACTS, PROGRAM } from './environment.mjs';

export const PORT = 8443;
const START_LIMIT_MS = 10000;
const STOP_LIMIT_MS = 5000;

const logs = new Set();  // A test that starts the program several times has one log.

async function isHealthy(origin) {
  try {
    return (await fetch(`${origin}/healthz`)).ok;
  } catch {
    return false;
  }
}

export class Program {
  origin = `http://${ADDRESS}:${PORT}`;
  #log;
  #output = '';
  #process;
  #exited;

  // Resolves once it answers. `name` names the log among the artefacts. What `within` holds comes before the program on
  // its command line; where it leads out of reach of this process, `isReady` says better whether the program answers.
  static async start(name, args = [], { port = PORT, within = [], isReady } = {}) {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: build it first`);
    const program = new Program();
    program.#log = `${ARTEFACTS}/${name}.log`;
    program.#launch([...within, PROGRAM, 'serve', '--port', String(port), ...args]);
    await program.#answers(isReady ?? (() => isHealthy(program.origin)));
    return program;
  }

  // All that it has written so far.
  get output() {
    return this.#output;
  }

  get pid() {
    return this.#process.pid;
  }

  // Resident memory in megabytes.
  get residentMegabytes() {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'));
    return Number(kilobytes) / 1024;
  }

  // Its sockets as [{protocol, state, localPort}].
  get sockets() {
    return execFileSync('ss', ['-H', '-tunap'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(`pid=${this.pid},`))
      .map((line) => {
        const [protocol, state, , , local] = line.trim().split(/\s+/);
        return { protocol, state, localPort: Number(local.slice(local.lastIndexOf(':') + 1)) };
      });
  }

  async streams() {
    return (await fetch(`${this.origin}/api/v1/streams`)).json();
  }

  // Resolves to the exit status; a program that does not end when asked is a failure.
  async stop() {
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.#process.kill('SIGTERM');
    const ended = await Promise.race([this.#exited, sleep(STOP_LIMIT_MS, null, { ref: false })]);
    if (ended === null) {
      this.#process.kill('SIGKILL');
      throw new Error(`porthole did not end within ${STOP_LIMIT_MS} ms of SIGTERM`);
    }
    const [status, signal] = ended;
    if (signal !== null) throw new Error(`porthole was ended by ${signal}`);
    return status;
  }

  // Ends it without a goodbye, as a power cut would.
  async kill() {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  #launch([command, ...args]) {
    const log = createWriteStream(this.#log, { flags: logs.has(this.#log) ? 'a' : 'w' });
    logs.add(this.#log);
    this.#process = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#exited = once(this.#process, 'exit');
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.pipe(log);
      stream.on('data', (text) => { this.#output += text; });
    }
  }

  async #answers(isReady) {
    const deadline = Date.now() + START_LIMIT_MS;
    while (!(await isReady(this))) {
      if (this.#process.exitCode !== null) throw new Error(`porthole ended at once: see ${this.#log}`);
      if (Date.now() > deadline) throw new Error('porthole does not answer /healthz');
      await sleep(50);
    }
  }
}
