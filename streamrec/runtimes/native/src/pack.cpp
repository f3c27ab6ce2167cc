#include "pack.h"

namespace streamrec {

uint16_t to_bf16(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

Dense pack_dense(const float* weight, const float* bias, int inputs, int outputs, bool bf16) {
  Dense dense{inputs, outputs, {}, {}, pack_vector(bias, outputs)};
  const size_t size = static_cast<size_t>(padded(outputs)) * inputs;
  if (bf16) {
    dense.weight_bf16 = Buffer<uint16_t>(size);
  } else {
    dense.weight = Buffer<float>(size);
  }
  for (int output = 0; output < outputs; ++output) {
    for (int input = 0; input < inputs; ++input) {
      const float x = weight[static_cast<size_t>(output) * inputs + input];
      const size_t row = static_cast<size_t>(output / kBlock) * inputs + input;
      const size_t at = row * kBlock + output % kBlock;
      if (bf16) {
        dense.weight_bf16.data()[at] = to_bf16(x);
      } else {
        dense.weight.data()[at] = x;
      }
    }
  }
  return dense;
}

Buffer<float> pack_taps(const float* weight, int channels, int taps) {
  Buffer<float> packed(static_cast<size_t>(padded(channels)) * taps);
  for (int channel = 0; channel < channels; ++channel) {
    for (int tap = 0; tap < taps; ++tap) {
      const size_t row = static_cast<size_t>(channel / kBlock) * taps + tap;
      packed.data()[row * kBlock + channel % kBlock] = weight[channel * taps + tap];
    }
  }
  return packed;
}

Buffer<float> pack_vector(const float* values, int channels) {
  Buffer<float> packed(padded(channels));
  std::memcpy(packed.data(), values, sizeof(float) * channels);
  return packed;
}

}  // namespace streamrec
