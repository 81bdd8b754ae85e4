/**
 * @file The calibrations of this machine, one for each engine and number of threads.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Calibration, parseCalibrations, sameEngine } from '../../definition/index.js';

export class CalibrationFile {
  readonly path: string;

  /** @param directory the state folder of DISTILLERY_HOME */
  constructor(private readonly directory: string) {
    this.path = join(directory, 'calibrations.json');
  }

  /** What is there; nothing when the file is missing or damaged. */
  read(): Calibration[] {
    try {
      return parseCalibrations(JSON.parse(readFileSync(this.path, 'utf8')));
    } catch {
      return [];
    }
  }

  /** Keeps a calibration instead of an older one of the same engine. */
  keep(calibration: Calibration): void {
    const others = this.read().filter(({ engine }) => !sameEngine(engine, calibration.engine));
    mkdirSync(this.directory, { recursive: true });
    const draft = `${this.path}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify([...others, calibration], null, 1)}\n`);
    renameSync(draft, this.path);
  }
}
