#include "network.h"

#include <algorithm>
#include <cmath>

using namespace streamrec;

Size shrink(Size size, int stride) {
  return {(size.height + stride - 1) / stride, (size.width + stride - 1) / stride};
}

Padding same_padding(int size, int kernel, int stride) {
  const int outputs = (size + stride - 1) / stride;
  const int all = std::max((outputs - 1) * stride + kernel - size, 0);
  return {all / 2, size + all};
}

namespace {

// Packs layers as the precision asks. Products of bfloat16 need a machine that has them, and pairs
// of inputs; elsewhere 1 x 1 convolutions, which are bound by arithmetic, stay as they are.
struct Packer {
  Arena& arena;
  bool bf16, products;

  Pointwise pointwise(const float* weight, const float* bias, int inputs, int outputs) {
    return pack_pointwise(arena, weight, bias, inputs, outputs, products && inputs % 2 == 0);
  }
  Linear linear(const float* weight, const float* bias, int inputs, int outputs) {
    return pack_linear(arena, weight, bias, inputs, outputs, bf16);
  }
  SqueezeExcite squeeze_excite(const BlockConfig& c);
  Block block(const BlockConfig& c, Size in);
};

SqueezeExcite Packer::squeeze_excite(const BlockConfig& c) {
  SqueezeExcite layer;
  layer.reduce = linear(c.reduce_weight, c.reduce_bias, 2 * c.width, c.hidden);
  layer.gate = linear(c.gate_weight, c.gate_bias, c.hidden, c.width);
  if (c.position_scale == 0.0f) return layer;
  layer.position_scale = c.position_scale;
  for (int i = 0; i < c.width; ++i) {
    layer.rates.push_back(static_cast<float>(std::pow(10000.0, -static_cast<double>(i) / c.width)));
  }
  return layer;
}

std::vector<int32_t> padded_offsets(Size size, int pitch) {
  std::vector<int32_t> offsets;
  for (int row = 0; row < size.height; ++row) {
    for (int column = 0; column < size.width; ++column) {
      offsets.push_back((row * pitch + column) * kBlock);
    }
  }
  return offsets;
}

Block Packer::block(const BlockConfig& c, Size in) {
  Block b;
  b.inputs = c.inputs, b.width = c.width, b.outputs = c.outputs;
  b.kernel = c.kernel, b.stride = c.stride, b.taps = c.taps;
  b.in = in, b.out = shrink(in, c.stride);
  b.offsets = padded_offsets(in, same_padding(in.width, c.kernel, c.stride).total);
  b.expand = pointwise(c.expand_weight, c.expand_bias, c.inputs, c.width);
  b.space = pack_taps(arena, c.space_weight, c.width, c.kernel * c.kernel);
  b.space_bias = pack_vector(arena, c.space_bias, c.width);
  if (c.taps > 1) {
    b.time = pack_taps(arena, c.time_weight, c.width, c.taps);
    b.time_bias = pack_vector(arena, c.time_bias, c.width);
  }
  if (c.hidden) b.attention = squeeze_excite(c);
  b.project = pointwise(c.project_weight, c.project_bias, c.width, c.outputs);
  if (c.skip_weight) b.skip = pointwise(c.skip_weight, c.skip_bias, c.inputs, c.outputs);
  return b;
}

}  // namespace

Network::Network(const NetworkConfig& c, const Kernels& table)
    : kernels(table),
      in{c.height, c.width},
      horizon(c.horizon),
      activation(static_cast<Activation>(c.activation)),
      gate(static_cast<Activation>(c.gate)),
      head_activation(static_cast<Activation>(c.head_activation)) {
  Packer packer{arena, c.bf16 != 0, c.bf16 && kernels.gemm_bf16};
  stem = pack_pointwise(arena, c.stem_weight, c.stem_bias, 27, c.stem, false);
  Size size = shrink(in, 2);
  for (int i = 0; i < c.block_count; ++i) {
    blocks.push_back(packer.block(c.blocks[i], size));
    size = blocks.back().out;
  }
  const int last = c.block_count ? blocks.back().outputs : c.stem;
  project = packer.pointwise(c.project_weight, c.project_bias, last, c.project);
  hidden = packer.linear(c.hidden_weight, c.hidden_bias, c.project, c.hidden);
  classifier = packer.linear(c.classifier_weight, c.classifier_bias, c.hidden, c.classes);
}
