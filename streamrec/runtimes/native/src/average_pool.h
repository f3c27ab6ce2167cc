// 3 x 3 average with SAME padding, which does not count in the divisor.
#pragma once

#include <algorithm>

#include "network.h"

inline void average_pool(const float* in, int channels, Size size, int stride, float* out) {
  using streamrec::kBlock;
  constexpr int kKernel = 3;
  const int top = same_padding(size.height, kKernel, stride).before;
  const int left = same_padding(size.width, kKernel, stride).before;
  const Size to = shrink(size, stride);
  for (int block = 0; block < streamrec::blocks_of(channels); ++block) {
    for (int pixel = 0; pixel < to.pixels(); ++pixel, out += kBlock) {
      const int y = pixel / to.width * stride - top, x = pixel % to.width * stride - left;
      float sum[kBlock] = {};
      int count = 0;
      for (int row = std::max(y, 0); row < std::min(y + kKernel, size.height); ++row) {
        for (int column = std::max(x, 0); column < std::min(x + kKernel, size.width); ++column) {
          const float* from = in + static_cast<int64_t>(row * size.width + column) * kBlock;
          for (int lane = 0; lane < kBlock; ++lane) sum[lane] += from[lane];
          ++count;
        }
      }
      const float share = 1.0f / static_cast<float>(count);
      for (int lane = 0; lane < kBlock; ++lane) out[lane] = sum[lane] * share;
    }
    in += static_cast<int64_t>(size.pixels()) * kBlock;
  }
}
