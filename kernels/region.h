// A region: the element-wise work between two convolutions (normalisation, activation, pooling and their
// derivatives) as one small program, run tile by tile so that what passes between its instructions stays in
// the cache. A tile is one image and one chunk of its channels.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace distillery {

enum class Op : uint8_t {
  // Whole blocks. A dot is the sum over pixels of (a - a_minus) * (b - b_minus); an affine image is
  // (a - a_minus) * a_times + plus, a blend of two the sum of (a - a_minus) * a_times and
  // (b - b_minus) * b_times and plus; a gate lets b through where the affine image of a is positive.
  kSum, kDot, kAffine, kAffineRelu, kBlend, kGate, kAvgPool, kAvgPoolGrad,
  // Vectors of one value a channel.
  kLoadVector, kStoreVector,
  // Both.
  kAdd, kSub, kMul, kDiv, kScale, kAddScalar, kExp, kLog, kRsqrt, kSigmoid, kRelu, kReluGrad, kLeakyRelu,
  kLeakyReluGrad, kCopy,
};

// Where an operand lies: a block that lives within a phase, a whole image kept between phases, a vector of
// one value a channel, an input or an output of the region.
enum class Place : uint8_t { kNone, kBlock, kImage, kVector, kInput, kOutput };

struct Operand {
  Place place = Place::kNone;
  int32_t index = 0;
};

// Which pixels an instruction runs over: the full image's, the pooled one's, or none.
enum class Space : uint8_t { kFull, kPooled, kVector };

struct Instruction {
  Op op;
  Space space;
  Operand to, a, b;
  // Vectors; none is 0 to subtract and to add, and 1 to multiply with.
  Operand a_minus, a_times, b_minus, b_times, plus;
  float number;
  // Of a vector that is loaded: how far apart two images' and two channels' values are.
  int32_t image_stride, channel_stride;
};

// An input that a phase reads or an output that it writes.
struct Outside {
  int32_t index;
  Space space;
};

struct Phase {
  std::vector<Instruction> blocks;
  std::vector<Instruction> vectors;
  std::vector<Outside> reads, writes;
};

struct Region {
  int64_t images, height, width, channels;
  int64_t pool;  // Side of the pooling window; 1 where nothing is pooled.
  int32_t blocks, kept, vectors, inputs, outputs;
  std::vector<Space> output_spaces;
  // Vectors to load before the first phase, and what follows from them.
  std::vector<Instruction> prologue;
  std::vector<Phase> phases;

  int64_t pooled_height() const { return height / pool; }
  int64_t pooled_width() const { return width / pool; }
};

// Throws std::runtime_error if the text is not a region.
Region ParseRegion(const std::string& text);

// How a region is cut: the same for any number of threads.
struct Tiling {
  int64_t chunk;       // Channels of a tile, a multiple of 16.
  int64_t chunks;      // Tiles of an image.
  int64_t rows;        // Rows of a block, a multiple of the pooling window.
  int64_t block_size;  // Floats of one block.
  int64_t image_size;  // Floats of one kept image.
  // Whether the last tile of an image has fewer channels than a chunk: then what it reads and writes is
  // brought to whole chunks first.
  bool staged;
  int64_t scratch;     // Floats of all scratch of one thread.
};

Tiling TileRegion(const Region& region);

// Runs one tile; `scratch` is aligned to 64 bytes.
using TileFunction = void (*)(const Region&, const Tiling&, const float* const* inputs, float* const* outputs,
                              float* scratch, int64_t image, int64_t chunk);

// The one for this processor.
TileFunction ChooseTileFunction();

}  // namespace distillery
