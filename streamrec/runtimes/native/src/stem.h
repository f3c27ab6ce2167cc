// 3 x 3 convolution of the picture with stride 2, row by row as a matrix product.
#pragma once

#include "dense.h"
#include "workspace.h"

// Copies [3][height][width] into the middle of zeros.
inline void pad_picture(const float* frame, Size size, streamrec::Buffer<float>& picture) {
  const Padding vertical = same_padding(size.height, 3, 2);
  const Padding horizontal = same_padding(size.width, 3, 2);
  std::memset(picture.data(), 0, sizeof(float) * 3 * vertical.total * horizontal.total);
  for (int channel = 0; channel < 3; ++channel) {
    for (int row = 0; row < size.height; ++row) {
      const int at = (channel * vertical.total + row + vertical.before) * horizontal.total;
      std::memcpy(picture.data() + at + horizontal.before, frame, sizeof(float) * size.width);
      frame += size.width;
    }
  }
}

// work.picture -> work.map
inline void stem(const Network& n, Workspace& work) {
  const int pitch = same_padding(n.in.width, 3, 2).total;
  const int plane = same_padding(n.in.height, 3, 2).total * pitch;
  int32_t runs[9];
  for (int i = 0; i < 9; ++i) runs[i] = i / 3 * plane + i % 3 * pitch;
  const Size out = shrink(n.in, 2);
  streamrec::Gemm g = streamrec::gemm_of(n.stem, n.activation);
  g.rows = out.width;
  g.run = 3, g.run_offsets = runs;
  g.block_stride = static_cast<int64_t>(out.pixels()) * streamrec::kBlock;
  for (int row = 0; row < out.height; ++row) {
    g.in = work.picture.data() + 2 * row * pitch;
    g.out = work.map.data() + static_cast<int64_t>(row) * out.width * streamrec::kBlock;
    n.kernels.gemm_stride_2(g);
  }
}
