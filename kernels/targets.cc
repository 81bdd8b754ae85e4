// The vector code, compiled for every kind of processor and chosen when it is first used.
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>

#include "convolution.h"
#include "region.h"

#if defined(__clang__)
#define DISTILLERY_BEGIN_TARGET(features) \
  _Pragma(DISTILLERY_TEXT(clang attribute push(__attribute__((target(features))), apply_to = function)))
#define DISTILLERY_END_TARGET _Pragma("clang attribute pop")
#else
#define DISTILLERY_BEGIN_TARGET(features) \
  _Pragma("GCC push_options") _Pragma(DISTILLERY_TEXT(GCC target(features)))
#define DISTILLERY_END_TARGET _Pragma("GCC pop_options")
#endif
#define DISTILLERY_TEXT(text) #text

namespace distillery {

namespace generic {
#define DISTILLERY_LANES 4
#include "block.inc"
#include "instructions.inc"
#include "tile.inc"
#include "transforms.inc"
#include "convolution.inc"
#undef DISTILLERY_LANES
}  // namespace generic

#if defined(__x86_64__)
DISTILLERY_BEGIN_TARGET("avx2,fma")
namespace avx2 {
#define DISTILLERY_LANES 8
#include "block.inc"
#include "instructions.inc"
#include "tile.inc"
#include "transforms.inc"
#include "convolution.inc"
#undef DISTILLERY_LANES
}  // namespace avx2
DISTILLERY_END_TARGET

DISTILLERY_BEGIN_TARGET("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
namespace avx512 {
#define DISTILLERY_LANES 16
#include "block.inc"
#include "instructions.inc"
#include "tile.inc"
#include "transforms.inc"
#include "convolution.inc"
#undef DISTILLERY_LANES
}  // namespace avx512
DISTILLERY_END_TARGET
#endif

namespace {

enum class Target { kGeneric, kAvx2, kAvx512 };

// DISTILLERY_VECTORS=avx2 or generic asks for less than the processor has, for tests.
Target BestTarget() {
#if defined(__x86_64__)
  const char* given = std::getenv("DISTILLERY_VECTORS");
  const std::string most = given == nullptr ? "" : given;
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (!avx2 || most == "generic") return Target::kGeneric;
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  return avx512 && most != "avx2" ? Target::kAvx512 : Target::kAvx2;
#else
  return Target::kGeneric;
#endif
}

}  // namespace

TileFunction ChooseTileFunction() {
  switch (BestTarget()) {
#if defined(__x86_64__)
    case Target::kAvx512: return avx512::RunTile;
    case Target::kAvx2: return avx2::RunTile;
#endif
    default: return generic::RunTile;
  }
}

const ConvolutionFunctions& ChooseConvolutionFunctions() {
  static const Target target = BestTarget();
  switch (target) {
#if defined(__x86_64__)
    case Target::kAvx512: return avx512::kConvolutionFunctions;
    case Target::kAvx2: return avx2::kConvolutionFunctions;
#endif
    default: return generic::kConvolutionFunctions;
  }
}

}  // namespace distillery
