// Weights in the order in which kernels read them.
#pragma once

#include "buffer.h"
#include "kernels.h"

namespace streamrec {

// A dense layer or 1 x 1 convolution; fp32 or bfloat16.
struct Dense {
  int inputs = 0, outputs = 0;
  Buffer<float> weight;
  Buffer<uint16_t> weight_bf16;
  Buffer<float> bias;
};

// Rounds to the nearest bfloat16, ties to even. Not for NaN.
uint16_t to_bf16(float x);

// `weight` [outputs][inputs] -> [outputs / kBlock][inputs][kBlock].
Dense pack_dense(const float* weight, const float* bias, int inputs, int outputs, bool bf16);

// `weight` [channels][taps] -> [channels / kBlock][taps][kBlock].
Buffer<float> pack_taps(const float* weight, int channels, int taps);

// [channels], padded with zeros to a whole block.
Buffer<float> pack_vector(const float* values, int channels);

}  // namespace streamrec
