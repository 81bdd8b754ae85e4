/**
 * @file Programs that are compiled once for each step and batch size, and kept while they are used.
 */
import type { Program } from '../tensor/program.js';

/** More than training, distillation and evaluation use at one time, last partial batches included. */
const cachedPrograms = 24;

export class ProgramCache {
  /** By step and batch size, least recently used first. */
  readonly #programs = new Map<string, Program>();

  get(step: string, batch: number, compile: () => Program): Program {
    const key = `${step} ${batch}`;
    const program = this.#programs.get(key) ?? compile();
    this.#programs.delete(key);
    this.#programs.set(key, program);
    const [oldest] = this.#programs.keys();
    if (this.#programs.size > cachedPrograms && oldest !== undefined) this.#programs.delete(oldest);
    return program;
  }
}
