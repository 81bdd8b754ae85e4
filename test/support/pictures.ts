/**
 * @file Small pictures in the true formats.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PNG } from 'pngjs';
import type { LabelledImages } from '../../datasets/dataset.js';

/**
 * Pictures of 8 x 8 pixels as Pillow writes them: red is 30 times the column, green 30 times the row, blue 128;
 * those that are grey show the red.
 */
export const samplePictures = {
  progressiveJpeg: decode(
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/wgARCAAIAAgDAREAAhEBAxEB/8QAFAABAAAAAAAAAAAAAAAAAAAABv/EABUBAQEAAAAAAAAAAAAAAAAAAAMF/9oADAMBAAIQAxAAAAEtXP8A/8QAFhAAAwAAAAAAAAAAAAAAAAAAAAYH/9oACAEBAAEFAleXn//EABgRAAIDAAAAAAAAAAAAAAAAAAAGByIy/9oACAEDAQE/AY7ecWP/xAAYEQACAwAAAAAAAAAAAAAAAAAABQYiMf/aAAgBAgEBPwFvLdsf/8QAFxAAAwEAAAAAAAAAAAAAAAAAAAIkof/aAAgBAQAGPwJZ8P/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAT8hS//aAAwDAQACAAMAAAAQn//EABcRAAMBAAAAAAAAAAAAAAAAAAABQZH/2gAIAQMBAT8QdjT/xAAVEQEBAAAAAAAAAAAAAAAAAAAA8f/aAAgBAgEBPxCo/8QAFhAAAwAAAAAAAAAAAAAAAAAAADFh/9oACAEBAAE/ELyP/9k=',
  ),
  greyJpeg: decode(
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/wAALCAAIAAgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/API/+Ddz/mBf9s/6V//Z',
  ),
  cmykJpeg: decode(
    '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYFBgYGBQYGBgcJCAYHCQcGBggLCAkKCgoKCgYICwwLCgwJCgoK/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwDyP/g3c/5gX/bP+leR/wDEO5/1I3/kt/8AWor9/K//2Q==',
  ),
  greyPng16: decode(
    'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIEAAAAACx9D0UAAAAE0lEQVR4nGNkYJBDAUwMaIA+AgDUUgG0Qoi/iQAAAABJRU5ErkJggg==',
  ),
  transparentPng: decode(
    'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAYAAADED76LAAAAG0lEQVR4nGNkYGjgkmNgYMCFWRjkGPCC4aEAANJ5AkzygOBqAAAAAElFTkSuQmCC',
  ),
} as const;

function decode(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

/** One image of a data set as PNG. */
export function pngOf({ shape, images }: LabelledImages, index: number): Uint8Array {
  const { channels, height, width } = shape;
  const area = height * width;
  const png = new PNG({ width, height, colorType: channels === 1 ? 0 : 2 });
  for (let pixel = 0; pixel < area; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      const plane = index * channels + (channels === 1 ? 0 : channel);
      png.data[pixel * 4 + channel] = images[plane * area + pixel] ?? 0;
    }
    png.data[pixel * 4 + 3] = 255;
  }
  return new Uint8Array(PNG.sync.write(png, { colorType: channels === 1 ? 0 : 2 }));
}

/** Files by their paths, the folders made as needed. */
export async function writeFiles(
  folder: string,
  files: readonly (readonly [path: string, content: Uint8Array | string])[],
): Promise<void> {
  for (const [path, content] of files) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/** Every image as `PREFIX/CLASS/NUMBER.png`, in the order of the images within each class. */
export function classFolders(
  images: LabelledImages,
  classNames: readonly string[],
  prefix = '',
): (readonly [string, Uint8Array])[] {
  return Array.from(images.labels, (label, index) => {
    const number = String(index).padStart(4, '0');
    return [`${prefix}${classNames[label] ?? ''}/${number}.png`, pngOf(images, index)] as const;
  });
}

/** The images of each class after one another, as a folder for each class gives them. */
export function byClass(set: LabelledImages): LabelledImages {
  const size = set.images.length / set.count;
  const order = Array.from(set.labels.keys()).sort(
    (a, b) => (set.labels[a] ?? 0) - (set.labels[b] ?? 0) || a - b,
  );
  return {
    shape: set.shape,
    count: set.count,
    images: new Uint8Array(Buffer.concat(order.map((at) => set.images.subarray(at * size, (at + 1) * size)))),
    labels: Int32Array.from(order, (at) => set.labels[at] ?? 0),
  };
}
