/**
 * @file The end of a stream of text, for messages about a process that died.
 */
export class LastLines {
  private lines: string[] = [];
  private rest = '';

  constructor(private readonly limit: number) {}

  add(text: string): void {
    const parts = (this.rest + text).split('\n');
    this.rest = parts.pop() ?? '';
    this.lines = [...this.lines, ...parts.filter((line) => line.trim() !== '')].slice(-this.limit);
  }

  /** The last lines as one, at most `count` of them. */
  text(count: number): string {
    return [...this.lines, this.rest]
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .slice(-count)
      .join(' | ');
  }

  clear(): void {
    this.lines = [];
    this.rest = '';
  }
}
