// Memory for the maps within a step. Nothing in it outlives the step, so that all streams that a
// thread runs share one, and find it in the cache.
#pragma once

#include "network.h"

struct Workspace {
  streamrec::Buffer<float> lines;         // of the frame, those that a row of the stem sees
  streamrec::Buffer<float> map, next;     // between bottlenecks
  streamrec::Buffer<float> band;          // some expanded rows of two blocks of channels, padded
  streamrec::Buffer<float> wide;          // a bottleneck's map before its projection
  streamrec::Buffer<uint16_t> rounded;    // a map in bfloat16
  streamrec::Buffer<float> pooled;        // what a strided skip averages
  streamrec::Buffer<float> sums;          // of the wide map, for each channel
  streamrec::Buffer<float> means;         // the running mean and this frame's
  streamrec::Buffer<float> hidden, gate;  // squeeze-excitation and head

  // Makes room for a network.
  void fit(const Network& network);

 private:
  streamrec::Arena arena_;
};
