/**
 * @file Questions at the terminal: each says what the choices mean, and Enter takes the first.
 */
import { createInterface, type Interface } from 'node:readline/promises';

import type { Terminal } from '../terminal/terminal.js';

/** Thrown when the input ends, or Ctrl-C is pressed, before all is answered. */
export class NoAnswer extends Error {}

export class Questions {
  private readonly lines: Interface;
  private readonly closed = new AbortController();

  constructor(private readonly terminal: Terminal) {
    this.lines = createInterface({ input: process.stdin, output: process.stderr });
    this.lines.on('close', () => this.closed.abort());
  }

  close(): void {
    this.lines.close();
  }

  /** @param check what is wrong with an answer, or undefined */
  async text(
    question: string,
    fallback: string,
    check: (answer: string) => string | undefined = () => undefined,
  ): Promise<string> {
    const { bold, dim, yellow } = this.terminal.colours;
    for (;;) {
      const answer = (await this.ask(`${bold(question)} ${dim(`[${fallback}]`)} `)).trim() || fallback;
      const problem = check(answer);
      if (problem === undefined) return answer;
      this.terminal.line(yellow(`  ${problem}`));
    }
  }

  /** One of several, by name or number; the first is what Enter means. */
  async choice<Name extends string>(
    question: string,
    choices: Readonly<Record<Name, string>>,
  ): Promise<Name> {
    const names = Object.keys(choices) as Name[];
    const width = Math.max(...names.map((name) => name.length));
    this.terminal.line(this.terminal.colours.bold(question));
    for (const [index, name] of names.entries())
      this.terminal.line(
        `  ${index + 1}  ${name.padEnd(width)}  ${this.terminal.colours.dim(choices[name])}`,
      );
    const named = (answer: string): Name | undefined =>
      names.find((name, index) => answer === name || answer === String(index + 1));
    const answer = await this.text('  Which?', names[0] ?? '', (given) =>
      named(given) === undefined ? `Give one of ${names.join(', ')}, or its number.` : undefined,
    );
    this.terminal.line();
    return named(answer) ?? names[0] ?? (answer as Name);
  }

  private async ask(prompt: string): Promise<string> {
    try {
      return await this.lines.question(prompt, { signal: this.closed.signal });
    } catch {
      throw new NoAnswer('no answer');
    }
  }
}
