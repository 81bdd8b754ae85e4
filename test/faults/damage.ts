/**
 * @file Spoils a stored object as a bad disk would.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ArtifactStore } from '../../artifacts/store.js';
import { safetensorsMediaType } from '../../artifacts/checkpoints.js';

/**
 * `flip` one bit in its middle, `cut` it to half, or `remove` it.
 * @returns whether there was something to spoil
 */
export async function damage(store: ArtifactStore, key: string, way: string): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await damageOnce(store, key, way);
    } catch (error) {
      if (tries === 20) throw error;
      await delay(500);
    }
  }
}

async function damageOnce(store: ArtifactStore, key: string, way: string): Promise<boolean> {
  const bytes = await store.getObject(key);
  if (bytes === undefined) return false;
  if (way === 'remove') {
    await store.remove(key);
    return true;
  }
  const spoiled = way === 'cut' ? bytes.slice(0, Math.floor(bytes.length / 2)) : bytes.slice();
  const middle = Math.floor(spoiled.length / 2);
  if (way === 'flip') spoiled[middle] = (spoiled[middle] ?? 0) ^ 1;
  await store.putObject(key, spoiled, safetensorsMediaType);
  return true;
}
