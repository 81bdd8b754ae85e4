/**
 * @file How much memory the images of a data set take in a compute process.
 */

/** Of the memory that a process may take, images that are held may take one part in so many. */
const share = 4;
/** Decoded and split, images are held as bytes about so often. */
const copies = 2.5;
/** Of images that stay on disk, the process holds a shard at a time while it opens them. */
const shardBytes = 3 * 48 * 1024 ** 2;

/** Bytes of images that a process may hold, by the memory that it may take. */
export function defaultImageBytes(memoryLimit: number): number {
  return Math.floor(memoryLimit / share);
}

/**
 * @param bytes all images, a byte for each value
 * @param most what may be held; larger data sets stay on disk
 */
export function imageMemory(bytes: number, most: number): number {
  return bytes <= most ? copies * bytes : shardBytes;
}
