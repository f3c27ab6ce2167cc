// The weights of one network, packed; shared by all its streams and never changed.
#pragma once

#include <vector>

#include "api.h"
#include "pack.h"

struct Size {
  int height, width;
  int pixels() const { return height * width; }
};

// SAME padding, as TensorFlow computes it: what is before an axis, and the size with what is after.
struct Padding {
  int before, total;
};
Padding same_padding(int size, int kernel, int stride);
Size shrink(Size size, int stride);

struct SqueezeExcite {
  streamrec::Linear reduce, gate;
  float position_scale = 0;  // 0: it does not know the frame's number
  std::vector<float> rates;  // of the positional encoding
};

struct Block {
  int inputs, width, outputs;
  int kernel, stride, taps;
  Size in, out;
  streamrec::Pointwise expand, project, skip;  // no skip: the input is added as it is
  streamrec::Buffer<float> space, space_bias, time, time_bias;
  SqueezeExcite attention;
  std::vector<int32_t> offsets;  // of the input's pixels in a picture with padding

  bool attends() const { return attention.reduce.inputs > 0; }
  bool skips() const { return skip.inputs > 0; }
};

struct Network {
  Network(const NetworkConfig& config, const streamrec::Kernels& kernels);

  streamrec::Arena arena;
  const streamrec::Kernels& kernels;
  Size in;
  int horizon;
  streamrec::Activation activation, gate, head_activation;
  streamrec::Pointwise stem, project;
  streamrec::Linear hidden, classifier;
  std::vector<Block> blocks;
};
