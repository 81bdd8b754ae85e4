/**
 * @file From values to positions, and where an axis has its ticks.
 */

export interface Scale {
  /** Position of a value; outside the domain it lies outside the range. */
  at(value: number): number;
  readonly ticks: readonly number[];
}

type Interval = readonly [low: number, high: number];

/** Evenly spaced; ticks at 1, 2 or 5 times a power of ten, about `count` of them. */
export function linearScale(domain: Interval, range: Interval, count = 5): Scale {
  const [low, high] = spread(domain);
  return {
    at: (value) => range[0] + ((value - low) / (high - low)) * (range[1] - range[0]),
    ticks: linearTicks([low, high], count),
  };
}

/**
 * Logarithmic, for positive domains. Ticks at powers of ten, with 2 and 5 times them where fewer than
 * three powers are in sight; evenly spaced numbers where the domain is too narrow even for those.
 */
export function logScale(domain: Interval, range: Interval): Scale {
  const [low, high] = domain[0] < domain[1] ? domain : [domain[0] / 1.5, domain[1] * 1.5];
  const [from, to] = [Math.log10(low), Math.log10(high)];
  const within = (multiples: readonly number[]): number[] => {
    const found: number[] = [];
    for (let power = Math.floor(from); power <= Math.ceil(to); power += 1) {
      for (const multiple of multiples) {
        const tick = tidy(multiple * 10 ** power);
        if (tick >= low && tick <= high) found.push(tick);
      }
    }
    return found;
  };
  const choices = [within([1]), within([1, 2, 5]), linearTicks([low, high], 6).filter((tick) => tick > 0)];
  return {
    at: (value) => range[0] + ((Math.log10(value) - from) / (to - from)) * (range[1] - range[0]),
    ticks: thinned(choices.find((ticks) => ticks.length >= 3) ?? choices[2] ?? []),
  };
}

/** Ticks at 1, 2 or 5 times a power of ten inside the interval, about `count` of them. */
export function linearTicks([low, high]: Interval, count: number): number[] {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((multiple) => multiple * power >= rough * 0.999) ?? 10);
  const ticks: number[] = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index += 1) {
    ticks.push(tidy(index * step));
  }
  return ticks;
}

/** The domain grown outwards to whole ticks, so that an axis starts and ends with one. */
export function niceDomain(domain: Interval, count = 5): Interval {
  const [low, high] = spread(domain);
  const ticks = linearTicks([low, high], count);
  const step = (ticks[1] ?? high) - (ticks[0] ?? low);
  if (step <= 0) return [low, high];
  return [tidy(Math.floor(low / step + 1e-9) * step), tidy(Math.ceil(high / step - 1e-9) * step)];
}

/** A domain of one value gets some room around it. */
function spread([low, high]: Interval): Interval {
  if (low < high) return [low, high];
  const room = Math.abs(low) * 0.1 || 1;
  return [low - room, low + room];
}

/** Every n-th tick where many powers of ten are in sight. */
function thinned(ticks: readonly number[]): number[] {
  const every = Math.ceil(ticks.length / 7);
  return ticks.filter((_, index) => index % every === 0);
}

/** `0.30000000000000004` -> `0.3`. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
