// Calls of kernels with packed layers.
#pragma once

#include "pack.h"

namespace streamrec {

// Where the inputs of a map's pixels lie: a run of kBlock channels in each block.
struct MapRuns {
  int32_t offsets[blocks_of(kMaxChannels)];

  MapRuns(int channels, int pixels) {
    for (int block = 0; block < blocks_of(channels); ++block) {
      offsets[block] = block * pixels * kBlock;
    }
  }
};

inline Gemm gemm_of(const Pointwise& layer, Activation activation) {
  Gemm g{};
  g.columns = layer.outputs;
  g.inputs = layer.inputs;
  g.weight = layer.weight.data();
  g.weight_bf16 = layer.weight_bf16.data();
  g.bias = layer.bias.data();
  g.activation = activation;
  return g;
}

inline void multiply(const Kernels& kernels, const Gemm& g) {
  (g.weight_bf16 ? kernels.gemm_bf16 : kernels.gemm)(g);
}

// A map, and room for it in bfloat16.
struct MapIn {
  float* data;
  int pixels;
  uint16_t* rounded;
};

// A 1 x 1 convolution of a whole map, times `gate`, which may be null, plus `residual`, which may
// be `out` itself, or null. Changes the map.
inline void convolve_map(const Kernels& kernels, const Pointwise& layer, Activation activation,
                         MapIn in, const float* gate, const float* residual, float* out) {
  const MapRuns runs(layer.inputs, in.pixels);
  Gemm g = gemm_of(layer, activation);
  if (g.weight_bf16) {
    kernels.round(in.data, gate, blocks_of(layer.inputs), in.pixels, in.rounded);
  } else if (gate) {
    kernels.scale(in.data, gate, blocks_of(layer.inputs), in.pixels);
  }
  g.rows = in.pixels;
  g.in = in.data, g.in_bf16 = in.rounded, g.run = kBlock, g.run_offsets = runs.offsets;
  g.residual = residual;
  g.out = out, g.block_stride = static_cast<int64_t>(in.pixels) * kBlock;
  multiply(kernels, g);
}

// A dense layer on one vector; `out` has room for padded(outputs).
inline void dense_layer(const Kernels& kernels, const Linear& layer, Activation activation,
                        const float* in, float* out) {
  Dense d{};
  d.inputs = layer.inputs, d.outputs = layer.outputs;
  d.in = in;
  d.weight = layer.weight.data();
  d.weight_bf16 = layer.weight_bf16.data();
  d.bias = layer.bias.data();
  d.activation = activation;
  d.out = out;
  kernels.dense(d);
}

}  // namespace streamrec
