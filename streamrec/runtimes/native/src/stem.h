// 3 x 3 convolution of the picture with stride 2, row by row as a matrix product.
#pragma once

#include <cstring>

#include "layers.h"
#include "workspace.h"

// Copies the three lines of each channel that row `y` of the output sees, with their padding.
inline void copy_lines(const float* frame, Size size, int y, float* lines) {
  const int top = same_padding(size.height, 3, 2).before;
  const Padding horizontal = same_padding(size.width, 3, 2);
  for (int i = 0; i < 9; ++i, lines += horizontal.total) {
    const int channel = i / 3, row = 2 * y + i % 3 - top;
    const int64_t at = static_cast<int64_t>(channel * size.height + row) * size.width;
    const bool inside = row >= 0 && row < size.height;
    std::memset(lines, 0, sizeof(float) * horizontal.total);
    if (inside) std::memcpy(lines + horizontal.before, frame + at, sizeof(float) * size.width);
  }
}

// Fills work.map.
inline void stem(const Network& n, const float* frame, Workspace& work) {
  int32_t runs[9];
  for (int i = 0; i < 9; ++i) runs[i] = i * same_padding(n.in.width, 3, 2).total;
  const Size out = shrink(n.in, 2);
  streamrec::Gemm g = streamrec::gemm_of(n.stem, n.activation);
  g.rows = out.width;
  g.in = work.lines.data(), g.run = streamrec::kStemTaps, g.run_offsets = runs;
  g.block_stride = static_cast<int64_t>(out.pixels()) * streamrec::kBlock;
  for (int row = 0; row < out.height; ++row) {
    copy_lines(frame, n.in, row, work.lines.data());
    g.out = work.map.data() + static_cast<int64_t>(row) * out.width * streamrec::kBlock;
    n.kernels.gemm_stride_2(g);
  }
}
