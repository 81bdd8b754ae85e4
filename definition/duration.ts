/**
 * @file Durations as people write them: `30s`, `10m`, `24h`, `7d`.
 */
export const durationPattern = /^(\d+(?:\.\d+)?)(s|m|h|d)$/;
const secondsPerUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds, or undefined for what is not a duration with its unit. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = durationPattern.exec(text) ?? [];
  const perUnit = secondsPerUnit[unit ?? ''];
  return perUnit === undefined ? undefined : Number(amount) * perUnit;
}
