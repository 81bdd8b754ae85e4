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
