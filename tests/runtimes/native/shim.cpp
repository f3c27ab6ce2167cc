// Kernels and packing for tests, one C function each. Weights come as [outputs][inputs].
#include "kernels.h"
#include "pack.h"

using namespace streamrec;

#define SHIM extern "C" __attribute__((visibility("default")))

SHIM int shim_targets() { return target_count(); }
SHIM const char* shim_name(int number) { return target(number).name; }

enum Form { kBlocks, kStride2, kPairs };

SHIM void shim_gemm(int number, int form, int rows, int columns, int inputs, int run,
                    const float* in, const int32_t* run_offsets, const float* weight,
                    const float* bias, int activation, const float* residual, float* out,
                    int block_stride, const int32_t* out_offsets) {
  Arena arena;
  const Pointwise layer = pack_pointwise(arena, weight, bias, inputs, columns, form == kPairs);
  Buffer<uint16_t> rounded(arena, static_cast<size_t>(padded(inputs)) * rows);
  Gemm g{};
  g.rows = rows, g.columns = columns, g.inputs = inputs, g.run = run;
  g.in = in, g.run_offsets = run_offsets;
  g.weight = layer.weight.data(), g.weight_bf16 = layer.weight_bf16.data(), g.bias = layer.bias.data();
  g.activation = static_cast<Activation>(activation);
  g.residual = residual, g.out = out, g.block_stride = block_stride, g.out_offsets = out_offsets;
  const Kernels& kernels = target(number);
  if (form == kPairs) {
    kernels.round(in, nullptr, blocks_of(inputs), rows, rounded.data());
    g.in_bf16 = rounded.data();
    return kernels.gemm_bf16(g);
  }
  (form == kStride2 ? kernels.gemm_stride_2 : kernels.gemm)(g);
}

SHIM int shim_has_bf16(int number) { return target(number).gemm_bf16 != nullptr; }

SHIM void shim_round(int number, const float* map, const float* gate, int blocks, int pixels,
                     uint16_t* out) {
  target(number).round(map, gate, blocks, pixels, out);
}

SHIM void shim_dense(int number, int inputs, int outputs, const float* in, const float* weight,
                     const float* bias, int bf16, int activation, float* out) {
  Arena arena;
  const Linear layer = pack_linear(arena, weight, bias, inputs, outputs, bf16);
  Dense d{};
  d.inputs = inputs, d.outputs = outputs, d.in = in;
  d.weight = layer.weight.data(), d.weight_bf16 = layer.weight_bf16.data();
  d.bias = layer.bias.data();
  d.activation = static_cast<Activation>(activation);
  d.out = out;
  target(number).dense(d);
}

SHIM void shim_depthwise(int number, int kernel, int stride, int channels, int pitch, int rows,
                         int width, int taps, int activation, const float* in,
                         const float* weight, const float* bias, const float* temporal_weight,
                         const float* temporal_bias, float* past, float* out, float* sum) {
  Arena arena;
  const auto space = pack_taps(arena, weight, channels, kernel * kernel);
  const auto space_bias = pack_vector(arena, bias, channels);
  const auto time = pack_taps(arena, temporal_weight, channels, taps);
  const auto time_bias = pack_vector(arena, temporal_bias, channels);
  Depthwise d{};
  d.kernel = kernel, d.stride = stride, d.channels = channels, d.taps = taps;
  d.in = in, d.pitch = pitch, d.rows = rows, d.width = width;
  d.weight = space.data(), d.bias = space_bias.data();
  d.temporal_weight = time.data(), d.temporal_bias = time_bias.data();
  for (int t = 0; t < taps - 1; ++t) d.past[t] = past + t * rows * width * kBlock;
  d.activation = static_cast<Activation>(activation);
  d.out = out, d.sum = sum;
  target(number).depthwise(d);
}

SHIM void shim_average_pool(int number, int blocks, int stride, int height, int width, int top,
                            int left, int rows, int columns, const float* in, float* out) {
  target(number).average_pool({blocks, stride, height, width, top, left, rows, columns, in, out});
}

SHIM void shim_scale(int number, float* map, const float* gate, int blocks, int pixels) {
  target(number).scale(map, gate, blocks, pixels);
}

SHIM void shim_sum(int number, const float* map, int blocks, int pixels, float* out) {
  target(number).sum(map, blocks, pixels, out);
}

SHIM int shim_pack_linear(const float* weight, const float* bias, int inputs, int outputs,
                          int bf16, float* packed) {
  Arena arena;
  const Linear layer = pack_linear(arena, weight, bias, inputs, outputs, bf16);
  const int size = padded(outputs) * inputs;
  for (int i = 0; i < size; ++i) {
    packed[i] = bf16 ? static_cast<float>(layer.weight_bf16.data()[i]) : layer.weight.data()[i];
  }
  return static_cast<int>(bf16 ? layer.weight_bf16.size() : layer.weight.size());
}

SHIM void shim_pack_pointwise(const float* weight, const float* bias, int inputs, int outputs,
                              int bf16, float* packed, float* packed_bias) {
  Arena arena;
  const Pointwise layer = pack_pointwise(arena, weight, bias, inputs, outputs, bf16);
  for (int i = 0; i < padded(outputs) * inputs; ++i) {
    packed[i] = bf16 ? static_cast<float>(layer.weight_bf16.data()[i]) : layer.weight.data()[i];
  }
  for (int i = 0; i < padded(outputs); ++i) packed_bias[i] = layer.bias.data()[i];
}

SHIM void shim_pack_taps(const float* weight, int channels, int taps, float* packed) {
  Arena arena;
  const auto buffer = pack_taps(arena, weight, channels, taps);
  for (int i = 0; i < padded(channels) * taps; ++i) packed[i] = buffer.data()[i];
}

SHIM int shim_to_bf16(float x) { return to_bf16(x); }
