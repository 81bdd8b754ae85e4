/**
 * @file Names of the files of a result folder.
 */
import { slug } from '../artifacts/layout.js';
import type { ClassPictures } from './gallery.js';

/** `images/03-dress-001.png`: label and name of the class, number of the image in it, from 1. */
export function pictureName({ label, name }: Pick<ClassPictures, 'label' | 'name'>, number: number): string {
  const digits = (value: number, length: number): string => String(value).padStart(length, '0');
  return `images/${digits(label, 2)}-${slug(name)}-${digits(number, 3)}.png`;
}

/** `distilled.safetensors`, or `distilled-00001-of-00008.safetensors` where there are several. */
export function distilledName(index: number, parts: number): string {
  if (parts === 1) return 'distilled.safetensors';
  const digits = (value: number): string => String(value).padStart(5, '0');
  return `distilled-${digits(index + 1)}-of-${digits(parts)}.safetensors`;
}
