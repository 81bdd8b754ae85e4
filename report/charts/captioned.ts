/**
 * @file A chart with what is to be said below it.
 */
import { markup, type Markup } from '../markup.js';

export function captioned(chart: Markup, caption: string): Markup {
  return markup`<figure class="plot">${chart}<figcaption>${caption}</figcaption></figure>`;
}
