/**
 * @file Numbers and amounts on the command line.
 */
import { InvalidArgumentError } from 'commander';

/** A whole number from 1, or a usage error. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('Give a whole number from 1.');
  return value;
}

/** A TCP port, or a usage error. */
export function portNumber(text: string): number {
  const value = wholeNumber(text);
  if (value > 65_535) throw new InvalidArgumentError('Ports go up to 65535.');
  return value;
}

/** Seconds, from 0 and not more than a day, or a usage error. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value > 86_400)
    throw new InvalidArgumentError('Give a number of seconds, at most 86400.');
  return value;
}

/** Seconds between checkpoints, or `off`; anything else is a usage error. */
export function checkpointInterval(text: string): number | 'off' {
  return text === 'off' ? text : seconds(text);
}

const bytesPerUnit: Readonly<Record<string, number>> = {
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  MB: 1e6,
  GB: 1e9,
};

/** `8GiB`, `500 MB`; read as bytes, anything else is a usage error. */
export function bytes(text: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s?(MiB|GiB|MB|GB)$/.exec(text) ?? [];
  const value = Math.floor(Number(amount) * (bytesPerUnit[unit] ?? Number.NaN));
  if (!(value > 0)) throw new InvalidArgumentError('Give an amount of memory such as 8GiB or 500MiB.');
  return value;
}
