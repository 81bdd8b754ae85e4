// The tile function, compiled for every kind of processor and chosen when the library is loaded.
#include <cmath>
#include <cstring>

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
#include "tile.inc"
#undef DISTILLERY_LANES
}  // namespace generic

#if defined(__x86_64__)
DISTILLERY_BEGIN_TARGET("avx2,fma")
namespace avx2 {
#define DISTILLERY_LANES 8
#include "tile.inc"
#undef DISTILLERY_LANES
}  // namespace avx2
DISTILLERY_END_TARGET

DISTILLERY_BEGIN_TARGET("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
namespace avx512 {
#define DISTILLERY_LANES 16
#include "tile.inc"
#undef DISTILLERY_LANES
}  // namespace avx512
DISTILLERY_END_TARGET
#endif

TileFunction ChooseTileFunction() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return avx512::RunTile;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2::RunTile;
#endif
  return generic::RunTile;
}

}  // namespace distillery
