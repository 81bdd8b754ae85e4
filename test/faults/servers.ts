/**
 * @file Temporal and S3 with data that outlives them: killed and started again on the same port and files.
 */
import { join } from 'node:path';
import type { ServerConnection } from '../../servers/connection.js';
import { generateCredentials } from '../../servers/credentials.js';
import { freePorts } from '../../servers/ports.js';
import { startS3 } from '../../servers/s3.js';
import { startTemporal } from '../../servers/temporal.js';
import { distilleryHome } from '../../setup/home.js';
import { ensureS3 } from '../../setup/s3.js';
import { ensureTemporal } from '../../setup/temporal.js';

interface Running {
  readonly pid: number;
  readonly exited: Promise<unknown>;
}

export class PersistentServer {
  #running: Running | undefined;

  constructor(private readonly launch: () => Promise<Running>) {}

  /** Resolves when it does real work. */
  async start(): Promise<void> {
    this.#running = await this.launch();
  }

  /** kill -9; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#running === undefined) return;
    process.kill(this.#running.pid, 'SIGKILL');
    // Servers do not keep the process alive that started them.
    const hold = setInterval(() => undefined, 1000);
    await this.#running.exited;
    clearInterval(hold);
    this.#running = undefined;
  }
}

/** Both servers, running, with their data in a folder that goes should this process be killed. */
export async function startServers(folder: string) {
  const [temporalPort = 0, s3Port = 0] = await freePorts(2);
  const home = distilleryHome();
  const nobody = () => undefined;
  const ours = { PATH: process.env['PATH'] };
  const temporalProgram = await ensureTemporal(home, nobody, ours);
  const s3Program = await ensureS3(home, nobody, ours);
  if (temporalProgram.kind !== 'binary' || s3Program.kind !== 'binary')
    throw new Error('servers of our own are needed');
  const s3 = {
    endpoint: `http://127.0.0.1:${s3Port}`,
    bucket: 'campaign',
    region: 'us-east-1',
    ...generateCredentials(),
  };
  const temporal = new PersistentServer(() =>
    startTemporal({
      binary: temporalProgram.path,
      dataDir: join(folder, 'temporal'),
      log: join(folder, 'temporal.log'),
      port: temporalPort,
      scratch: folder,
    }),
  );
  const store = new PersistentServer(() =>
    startS3({
      binary: s3Program.path,
      flavour: s3Program.flavour,
      dataDir: join(folder, 's3'),
      log: join(folder, 's3.log'),
      credentials: s3,
      bucket: s3.bucket,
      port: s3Port,
      scratch: folder,
    }),
  );
  await Promise.all([temporal.start(), store.start()]);
  const connection: ServerConnection = {
    temporalAddress: `127.0.0.1:${temporalPort}`,
    namespace: 'default',
    uiUrl: undefined,
    s3,
  };
  return { connection, temporal, store };
}
