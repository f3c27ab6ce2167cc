// Memory for the maps within a step. Nothing in it outlives the step, so that all streams that a
// thread runs share one, and find it in the cache.
#pragma once

#include "network.h"

struct Workspace {
  streamrec::Buffer<float> picture;       // the frame with its padding
  streamrec::Buffer<float> map, next;     // between bottlenecks
  streamrec::Buffer<float> band;          // some expanded rows of one block of channels, padded
  streamrec::Buffer<float> wide;          // a bottleneck's map before its projection
  streamrec::Buffer<float> pooled;        // what a strided skip averages
  streamrec::Buffer<float> sums;          // of the wide map, for each channel
  streamrec::Buffer<float> means;         // the running mean and this frame's
  streamrec::Buffer<float> hidden, gate;  // squeeze-excitation and head
  streamrec::Buffer<int32_t> offsets;     // of the pixels of a band

  void fit(const Network& network);
};
