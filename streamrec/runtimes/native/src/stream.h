// What one stream remembers, and its step.
#pragma once

#include <vector>

#include "network.h"

struct BlockState {
  std::vector<streamrec::Buffer<float>> ring;  // taps - 1 maps
  streamrec::Buffer<float> pool;               // running mean of each channel
};

struct Stream {
  explicit Stream(const Network& network);

  void step(const float* frame, float* logits);
  void read(int state, float* values) const;
  void write(int state, const float* values);

  streamrec::Arena arena;
  const Network& network;
  float frames_seen = 0;
  unsigned long long steps = 0;  // since this object was made: where the rings stand
  std::vector<BlockState> blocks;
  streamrec::Buffer<float> head_pool;

 private:
  // Where state number `state` is: rows of kBlock channels for each pixel.
  struct Place {
    float* data;
    int channels, pixels;
  };
  Place find(int state) const;
};
