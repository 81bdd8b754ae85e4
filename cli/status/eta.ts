/**
 * @file How long it still takes, from how the progress moved lately; calm enough to be read.
 */
import type { StageStatus } from '../../definition/stages.js';

interface Track {
  /** Recent observations where the fraction moved, oldest first. */
  readonly samples: { readonly at: number; readonly fraction: number }[];
  /** Smoothed moment of the end, milliseconds. */
  end: number | undefined;
  /** The last that was measured, fraction per millisecond. */
  speed: number | undefined;
  /** The last look at which nothing had moved yet. */
  stillAt: number | undefined;
}

/** Speed is measured over this window, so that a slow start is forgotten and a passing stall is not news. */
const windowMs = 60_000;
/** Less than this says nothing about the speed. */
const shortestMs = 4_000;
/** Before this much is done, the time since the start is mostly that of starting. */
const leastSinceStart = 0.05;
/** Nothing has moved for so long, and so many times longer than before: it waited for a worker or the store. */
const pauseMs = 20_000;
const pauseFactor = 5;
/** How far the shown end moves towards a new estimate with every look. */
const smoothing = 0.25;

/** Remembers how far each stage was when, for one observer. */
export class EtaEstimator {
  private readonly tracks = new Map<string, Track>();

  /** Seconds to the end of the stage, or undefined as long as nothing can be said. */
  observe(stage: StageStatus, fraction: number, now: number): number | undefined {
    const track = this.tracks.get(stage.id) ?? newTrack();
    this.tracks.set(stage.id, track);
    const last = track.samples.at(-1);
    if (last !== undefined && fraction < last.fraction) {
      // A lost worker: its work since the last checkpoint is done again.
      track.samples.length = 0;
      track.end = undefined;
      track.speed = undefined;
    }
    if (fraction === 0) track.stillAt = now;
    // What comes before the first movement is starting, not working.
    if (fraction > 0 && fraction !== track.samples.at(-1)?.fraction) {
      if (hasPaused(track, now)) {
        track.samples.length = 0;
        track.end = undefined;
      }
      track.samples.push({ at: now, fraction });
    }
    while (track.samples.length > 2 && now - (track.samples[0]?.at ?? now) > windowMs) track.samples.shift();

    track.speed = recentSpeed(track) ?? track.speed;
    const speed = track.speed ?? speedSinceStart(stage, track, fraction, now);
    if (speed === undefined) return remaining(track.end, now);
    const end = now + (1 - fraction) / speed;
    track.end = track.end === undefined ? end : track.end + (end - track.end) * smoothing;
    return remaining(track.end, now);
  }
}

function newTrack(): Track {
  return { samples: [], end: undefined, speed: undefined, stillAt: undefined };
}

function hasPaused({ samples }: Track, now: number): boolean {
  const gaps = samples.slice(1).map(({ at }, before) => at - (samples[before]?.at ?? at));
  const gap = now - (samples.at(-1)?.at ?? now);
  return gaps.length > 0 && gap > Math.max(pauseMs, pauseFactor * Math.max(...gaps));
}

function remaining(end: number | undefined, now: number): number | undefined {
  return end === undefined ? undefined : Math.max(0, (end - now) / 1000);
}

/** Fraction per millisecond between the first and the last movement in the window. */
function recentSpeed(track: Track): number | undefined {
  const first = track.samples[0];
  const last = track.samples.at(-1);
  if (first === undefined || last === undefined || last.at - first.at < shortestMs) return undefined;
  return (last.fraction - first.fraction) / (last.at - first.at);
}

function speedSinceStart(
  { startedAt }: StageStatus,
  { stillAt }: Track,
  fraction: number,
  now: number,
): number | undefined {
  const elapsed = startedAt === undefined ? NaN : now - Math.max(Date.parse(startedAt), stillAt ?? 0);
  return elapsed >= shortestMs && fraction >= leastSinceStart ? fraction / elapsed : undefined;
}
