// Weights in the order in which kernels read them.
#pragma once

#include <cstdint>

#include "buffer.h"
#include "kernels.h"

namespace streamrec {

// A 1 x 1 convolution: weight [outputs / kBlock][inputs][kBlock]; of bfloat16 pairs of inputs lie
// together, [outputs / kBlock][inputs / 2][kBlock][2].
struct Pointwise {
  int inputs = 0, outputs = 0;
  Buffer<float> weight;
  Buffer<uint16_t> weight_bf16;
  Buffer<float> bias;
};

// A dense layer: weight [outputs / kPanel][inputs][kPanel], fp32 or bfloat16.
struct Linear {
  int inputs = 0, outputs = 0;
  Buffer<float> weight;
  Buffer<uint16_t> weight_bf16;
  Buffer<float> bias;
};

// Rounds to the nearest bfloat16, ties to even.
uint16_t to_bf16(float x);

// From weights [outputs][inputs].
Pointwise pack_pointwise(Arena& arena, const float* weight, const float* bias, int inputs,
                         int outputs, bool bf16);
Linear pack_linear(Arena& arena, const float* weight, const float* bias, int inputs, int outputs,
                   bool bf16);

// `weight` [channels][taps] -> [channels / kBlock][taps][kBlock].
Buffer<float> pack_taps(Arena& arena, const float* weight, int channels, int taps);

// [channels], padded with zeros to a whole block.
Buffer<float> pack_vector(Arena& arena, const float* values, int channels);

}  // namespace streamrec
