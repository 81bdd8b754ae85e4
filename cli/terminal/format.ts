/**
 * @file Numbers as people read them: durations, sizes, rates, accuracies.
 */

/** `850 ms`, `48 s`, `3 min 07 s`, `2 h 05 min`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '-';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Decimal units as disks and S3 count them: `930 B`, `1.28 MB`, `6.5 GB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  let value = bytes;
  for (const unit of ['kB', 'MB', 'GB', 'TB']) {
    value /= 1000;
    if (value < 999.5 || unit === 'TB') return `${trimmed(value)} ${unit}`;
  }
  return `${bytes} B`;
}

function trimmed(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value.toFixed(value >= 9.995 ? 1 : 2);
}

/** A measured value with four significant digits and no noise: `0.9124`, `1.234e-5`, `1500`. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6) return value.toExponential(2).replace('e+', 'e');
  return Number.isInteger(value) ? String(value) : value.toPrecision(size >= 1000 ? 5 : 4);
}

/** An accuracy in [0,1] as percent: `71.23 %`. */
export function formatAccuracy(accuracy: number): string {
  return `${(accuracy * 100).toFixed(2)} %`;
}

/** `71.23 % ± 0.41`, both in percent. */
export function formatAccuracyStd(mean: number, std: number): string {
  return `${(mean * 100).toFixed(2)} % ± ${(std * 100).toFixed(2)}`;
}

/** `0.82/s`; below one every two seconds the other way round, `3.1 s each`. */
export function formatRate(perSecond: number): string {
  if (!Number.isFinite(perSecond) || perSecond <= 0) return '-';
  if (perSecond >= 0.5) return `${trimmed(perSecond)}/s`;
  const each = 1 / perSecond;
  return each < 60 ? `${trimmed(each)} s each` : `${formatDuration(each)} each`;
}

/** Local wall-clock time, `12:03:04`. */
export function formatClock(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

/** Local date and time to the minute, `2026-11-24 19:43`. */
export function formatDateTime(date: Date): string {
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-');
  return `${day} ${formatClock(date).slice(0, 5)}`;
}
