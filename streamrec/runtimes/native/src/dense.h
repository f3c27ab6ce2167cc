// Calls of the matrix product for the two shapes that a step has.
#pragma once

#include "pack.h"

namespace streamrec {

// Where the inputs of a map's pixels lie: a run of kBlock channels in each block.
struct MapRuns {
  static constexpr int kMost = 128;
  int32_t offsets[kMost];

  MapRuns(int channels, int pixels) {
    for (int block = 0; block < blocks_of(channels); ++block) {
      offsets[block] = block * pixels * kBlock;
    }
  }
};

inline Gemm gemm_of(const Dense& dense, Activation activation) {
  Gemm g{};
  g.columns = dense.outputs;
  g.inputs = dense.inputs;
  g.weight = dense.weight ? dense.weight.data() : nullptr;
  g.weight_bf16 = dense.weight_bf16 ? dense.weight_bf16.data() : nullptr;
  g.bias = dense.bias.data();
  g.activation = activation;
  return g;
}

// A 1 x 1 convolution of a whole map, plus `residual`, which may be `out` itself, or null.
inline void convolve_map(const Kernels& kernels, const Dense& dense, Activation activation,
                         const float* in, int pixels, const float* residual, float* out) {
  const MapRuns runs(dense.inputs, pixels);
  Gemm g = gemm_of(dense, activation);
  g.rows = pixels;
  g.in = in, g.run = kBlock, g.run_offsets = runs.offsets;
  g.residual = residual;
  g.out = out, g.block_stride = static_cast<int64_t>(pixels) * kBlock;
  kernels.gemm(g);
}

// A dense layer on one vector; `out` has room for padded(outputs).
inline void dense_layer(const Kernels& kernels, const Dense& dense, Activation activation,
                        const float* in, float* out) {
  const int32_t zero = 0;
  Gemm g = gemm_of(dense, activation);
  g.rows = 1;
  g.in = in, g.run = dense.inputs, g.run_offsets = &zero;
  g.out = out, g.block_stride = kBlock;
  kernels.gemm(g);
}

}  // namespace streamrec
