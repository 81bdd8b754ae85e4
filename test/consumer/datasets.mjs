/** @file A data set of this project: bright squares in one of the four corners of 8 x 8 pixels, which is the class. */
export function corners() {
  return { train: squares(80), test: squares(20), classNames: ['a', 'b', 'c', 'd'], flip: false };
}

function squares(count) {
  const images = new Float32Array(count * 64);
  for (let image = 0; image < count; image += 1) {
    const top = 4 * Math.floor((image % 4) / 2);
    const left = 4 * (image % 2);
    for (let at = 0; at < 16; at += 1) {
      const pixel = (top + Math.floor(at / 4)) * 8 + left + (at % 4);
      images[image * 64 + pixel] = (100 + (image % 5) * 25) / 255;
    }
  }
  const labels = Array.from({ length: count }, (_, image) => image % 4);
  return { shape: { channels: 1, height: 8, width: 8 }, labels, images };
}
