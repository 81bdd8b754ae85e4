/**
 * @file One worker's line to the store: a proxy of its own, on which answers can be spoiled and on which
 * the checkpoints that it writes and reads are seen.
 */
import { parseCheckpointKey } from '../../artifacts/layout.js';
import { startFaultProxy, type Fault, type FaultProxy, type ProxiedRequest } from '../support/fault-proxy.js';

/** What is to happen to a request; undefined for nothing. */
export type Spoiler = (request: ProxiedRequest) => Fault | undefined;

export interface StoreTraffic {
  written(checkpoint: string, sequence: number): void;
  read(checkpoint: string, sequence: number): void;
  /** A request got the store's own answer. */
  answered(request: ProxiedRequest): void;
}

export class StoreLine {
  readonly #spoilers = new Set<Spoiler>();
  readonly #onWritten = new Set<(key: string) => void>();
  readonly #afterReceiving = new Map<ProxiedRequest, () => void>();
  readonly #spoiled = new WeakSet<ProxiedRequest>();
  #proxy: FaultProxy | undefined;

  constructor(private readonly traffic: StoreTraffic) {}

  /** Listens; returns the endpoint to give to the worker. */
  async open(store: string): Promise<string> {
    this.#proxy = await startFaultProxy(store, {
      spoil: (request) => {
        for (const spoiler of this.#spoilers) {
          const fault = spoiler(request);
          if (fault === undefined) continue;
          this.#spoiled.add(request);
          return fault;
        }
        return undefined;
      },
      received: (request) => {
        this.#afterReceiving.get(request)?.();
        this.#afterReceiving.delete(request);
      },
      answered: (request, status) => {
        if (status < 300) this.#see(request);
        if (status < 500 && !this.#spoiled.has(request)) this.traffic.answered(request);
      },
    });
    return this.#proxy.endpoint;
  }

  async close(): Promise<void> {
    await this.#proxy?.close();
  }

  /** Requests go through the spoiler until the function returned is called. */
  spoil(spoiler: Spoiler): () => void {
    this.#spoilers.add(spoiler);
    return () => void this.#spoilers.delete(spoiler);
  }

  /** Once, when all of that request has arrived and before anything is sent on. */
  afterReceiving(request: ProxiedRequest, action: () => void): void {
    this.#afterReceiving.set(request, action);
  }

  /** When a checkpoint has been stored and its writer does not know it yet. */
  onCheckpointWritten(listener: (key: string) => void): () => void {
    this.#onWritten.add(listener);
    return () => void this.#onWritten.delete(listener);
  }

  isCheckpointWrite({ method, path }: ProxiedRequest): boolean {
    return method === 'PUT' && parseCheckpointKey(path) !== undefined;
  }

  #see({ method, path }: ProxiedRequest): void {
    const sequence = parseCheckpointKey(path)?.sequence;
    if (sequence === undefined) return;
    // After `/bucket/`.
    const key = path.replace(/^\/[^/]+\//, '');
    if (method === 'GET') this.traffic.read(key, sequence);
    if (method !== 'PUT') return;
    this.traffic.written(key, sequence);
    for (const listener of [...this.#onWritten]) listener(key);
  }
}
