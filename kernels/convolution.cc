#include "convolution.h"

#include <algorithm>

namespace distillery {

int64_t TilesOfBlock(const Convolution& convolution) {
  // The transformed inputs of a block take 300 KB.
  const int64_t tiles = 36 * 128 / convolution.in / 12 * 12;
  return std::clamp<int64_t>(tiles, 12, 96);
}

int64_t PartsOfSum(const Convolution& convolution) {
  int64_t parts = 1;
  while (parts < 8 && convolution.tiles() >= 128 * parts) parts *= 2;
  return parts;
}

}  // namespace distillery
