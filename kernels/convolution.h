// Convolutions of 3x3 filters that keep the size of the image, and both their gradients, by Winograd's minimal
// filtering F(2x2, 3x3): 16 products for 4 outputs instead of 36, with sums of few terms before and after, so
// that it rounds hardly more than the plain sum of products. Lavin and Gray, arXiv:1509.09308.
//
// A tile is 2x2 outputs, read from 4x4 inputs. Both are transformed to 16 positions; at each position tiles
// and filters are matrices to multiply.
#pragma once

#include <cstdint>

namespace distillery {

// Images NHWC, filters HWIO; channels in and out are multiples of 16.
struct Convolution {
  int64_t images, height, width, in, out;

  int64_t tile_rows() const { return (height + 1) / 2; }
  int64_t tile_columns() const { return (width + 1) / 2; }
  int64_t tiles() const { return images * tile_rows() * tile_columns(); }
};

// Tiles that are transformed and multiplied together: as many as fit the second-level cache.
int64_t TilesOfBlock(const Convolution& convolution);
// Into how many parts the sum over all tiles is divided for the gradient to the filter. It depends on the
// sizes only, or the result would depend on the number of threads.
int64_t PartsOfSum(const Convolution& convolution);

struct ConvolutionFunctions {
  // Floats of scratch for a block, and for a part.
  int64_t (*block_scratch)(const Convolution&);
  int64_t (*part_scratch)(const Convolution&);
  // Transforms the filters that input channels `first` to `first + 16` meet. `adjoint`: the filter's input
  // and output change places and it is turned round, as the gradient to the image needs; `in` and `out` are
  // those of the convolution that is carried out.
  void (*transform_filter)(const Convolution&, const float* filter, bool adjoint, int64_t first, float* packed);
  void (*run_block)(const Convolution&, const float* x, const float* packed, float* y, float* scratch,
                    int64_t block);
  // Adds up one part into `sums`, 16 matrices [in][out].
  void (*run_part)(const Convolution&, const float* x, const float* dy, float* sums, float* scratch,
                   int64_t part);
  // Adds the parts of one input channel and transforms them back.
  void (*finish_filter)(const Convolution&, const float* sums, int64_t channel, float* filter);
};

// Those for this processor.
const ConvolutionFunctions& ChooseConvolutionFunctions();

}  // namespace distillery
