#include "pack.h"

#include <cstring>

namespace streamrec {

uint16_t to_bf16(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  if (x != x) return static_cast<uint16_t>(bits >> 16 | 0x40);  // stays not a number
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// Where the weight of one input and output goes; a panel is as wide as outputs are left for it.
static size_t place(int output, int input, int inputs, int outputs, int panel) {
  const int first = output / panel * panel;
  const int left = padded(outputs - first), width = left < panel ? left : panel;
  return static_cast<size_t>(first) * inputs + static_cast<size_t>(input) * width + output - first;
}

Pointwise pack_pointwise(Arena& arena, const float* weight, const float* bias, int inputs,
                         int outputs, bool bf16) {
  const size_t size = static_cast<size_t>(padded(outputs)) * inputs;
  Pointwise layer{inputs, outputs, Buffer<float>(arena, bf16 ? 0 : size),
                  Buffer<uint16_t>(arena, bf16 ? size : 0), pack_vector(arena, bias, outputs)};
  for (int output = 0; output < outputs; ++output) {
    for (int input = 0; input < inputs; ++input, ++weight) {
      if (bf16) {
        const size_t at = place(output, input / 2, inputs / 2, outputs, kBlock);
        layer.weight_bf16.data()[2 * at + input % 2] = to_bf16(*weight);
      } else {
        layer.weight.data()[place(output, input, inputs, outputs, kBlock)] = *weight;
      }
    }
  }
  return layer;
}

Linear pack_linear(Arena& arena, const float* weight, const float* bias, int inputs, int outputs,
                   bool bf16) {
  const size_t size = static_cast<size_t>(padded(outputs)) * inputs;
  Linear layer{inputs, outputs, Buffer<float>(arena, bf16 ? 0 : size),
               Buffer<uint16_t>(arena, bf16 ? size : 0), pack_vector(arena, bias, outputs)};
  for (int output = 0; output < outputs; ++output) {
    for (int input = 0; input < inputs; ++input, ++weight) {
      const size_t at = place(output, input, inputs, outputs, kPanel);
      if (bf16) {
        layer.weight_bf16.data()[at] = to_bf16(*weight);
      } else {
        layer.weight.data()[at] = *weight;
      }
    }
  }
  return layer;
}

Buffer<float> pack_taps(Arena& arena, const float* weight, int channels, int taps) {
  Buffer<float> packed(arena, static_cast<size_t>(padded(channels)) * taps);
  for (int channel = 0; channel < channels; ++channel) {
    for (int tap = 0; tap < taps; ++tap) {
      const size_t row = static_cast<size_t>(channel / kBlock) * taps + tap;
      packed.data()[row * kBlock + channel % kBlock] = weight[channel * taps + tap];
    }
  }
  return packed;
}

Buffer<float> pack_vector(Arena& arena, const float* values, int channels) {
  Buffer<float> packed(arena, padded(channels));
  std::memcpy(packed.data(), values, sizeof(float) * channels);
  return packed;
}

}  // namespace streamrec
