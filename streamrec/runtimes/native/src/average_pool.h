// 3 x 3 average with SAME padding.
#pragma once

#include "kernels.h"
#include "simd.h"

namespace streamrec::STREAMREC_TARGET {

// One output whose window begins at row `y` and column `x`, which may lie outside.
STREAMREC_INLINE Floats average(const AveragePool& a, const float* in, int y, int x) {
  Floats sum = {};
  int count = 0;
  for (int row = y < 0 ? 0 : y; row < y + 3 && row < a.height; ++row) {
    for (int column = x < 0 ? 0 : x; column < x + 3 && column < a.width; ++column, ++count) {
      sum += load<Floats>(in + static_cast<int64_t>(row * a.width + column) * kBlock);
    }
  }
  return sum * (1.0f / static_cast<float>(count));
}

static void average_pool(const AveragePool& a) {
  const float* in = a.in;
  float* out = a.out;
  for (int block = 0; block < a.blocks; ++block) {
    for (int y = 0; y < a.rows; ++y) {
      for (int x = 0; x < a.columns; ++x, out += kBlock) {
        for (int lane = 0; lane < kBlock; lane += kVector) {
          store(out + lane, average(a, in + lane, y * a.stride - a.top, x * a.stride - a.left));
        }
      }
    }
    in += static_cast<int64_t>(a.height) * a.width * kBlock;
  }
}

}  // namespace streamrec::STREAMREC_TARGET
