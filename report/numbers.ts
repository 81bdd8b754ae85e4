/**
 * @file Numbers as a reader wants them: percentages, points, rates, durations, sizes.
 */

const nbsp = '\u00a0';
const minus = '\u2212';

/** `0.7123` -> `71.2 %`. */
export function percent(share: number, digits = 1): string {
  return `${signed((share * 100).toFixed(digits))}${nbsp}%`;
}

/** A share on an axis whose ticks are `step` apart: as many digits as tell them apart. */
export function percentTick(share: number, step: number): string {
  return percent(share, step > 0 ? Math.max(0, Math.ceil(-Math.log10(step * 100) - 1e-9)) : 1);
}

/** `0.7123, 0.0081` -> `71.2 % ± 0.8`; a single run has no spread to show. */
export function percentWithStd(mean: number, std: number, runs: number): string {
  return runs > 1 ? `${percent(mean)}${nbsp}±${nbsp}${(std * 100).toFixed(1)}` : percent(mean);
}

/** A difference of two accuracies in percentage points, without sign: `0.21` -> `21.0`. */
export function points(difference: number): string {
  return Math.abs(difference * 100).toFixed(1);
}

/** `20000` -> `20,000`. */
export function integer(value: number): string {
  return signed(Math.round(value).toLocaleString('en-US'));
}

/** Three significant digits, in powers of ten where that reads better: `0.0213`, `1.2 × 10⁻⁵`. */
export function significant(value: number, digits = 3): string {
  if (value === 0) return '0';
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e5) {
    const rounded = Number(value.toPrecision(digits));
    return signed(rounded.toLocaleString('en-US', { maximumSignificantDigits: digits }));
  }
  const [mantissa = '', exponent = ''] = value.toExponential(digits - 1).split('e');
  return `${signed(trimZeros(mantissa))}${nbsp}×${nbsp}10${superscript(String(Number(exponent)))}`;
}

/** Seconds in the two largest units that matter: `3.2 s`, `4 min 32 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 0.095) return `${Math.round(seconds * 1000)}${nbsp}ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)}${nbsp}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}${nbsp}s`;
  if (whole < 3600) return twoUnits(whole, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return twoUnits(minutes, 60, 'h', 'min');
  return twoUnits(Math.round(seconds / 3600), 24, 'd', 'h');
}

/** `1,234 B`, `56.7 kB`, `1.2 MB`; powers of 1000. */
export function bytes(count: number): string {
  if (count < 10_000) return `${integer(count)}${nbsp}B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = count / 1000;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 100 ? value.toFixed(1) : Math.round(value).toString()}${nbsp}${units[unit] ?? ''}`;
}

/** `1, 'image'` -> `1 image`; `10, 'image'` -> `10 images`; `10, 'class'` -> `10 classes`. */
export function counted(count: number, noun: string): string {
  return `${integer(count)}${nbsp}${noun}${count === 1 ? '' : noun.endsWith('s') ? 'es' : 's'}`;
}

/** An ISO time as `2026-11-24 19:48 UTC`; anything else as it is. */
export function moment(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function twoUnits(total: number, size: number, large: string, small: string): string {
  const rest = total % size;
  const head = `${Math.floor(total / size)}${nbsp}${large}`;
  return rest === 0 ? head : `${head} ${rest}${nbsp}${small}`;
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function signed(text: string): string {
  return text.replace('-', minus);
}

function superscript(text: string): string {
  return text.replace(/[-\d]/g, (sign) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(sign)] ?? sign);
}
