// One bottleneck on one frame: expand, convolve over space and time, gate, project, add the skip.
#pragma once

#include "running_mean.h"
#include "stream.h"
#include "workspace.h"

class Bottleneck {
 public:
  Bottleneck(const Network& network, const Block& block, BlockState& state, Workspace& work)
      : network_(network), block_(block), state_(state), work_(work) {}

  // Replaces work.map.
  void step(const Clock& clock, unsigned long long steps);

 private:
  void convolve(int first, int blocks, unsigned long long steps);
  void prefetch_ring(int first, int blocks, int y, int rows) const;
  void fill_band(int first, int blocks, int from, int to, int kept_from, int kept_to);
  void expand(int first, int blocks, int row, int rows, float* out);
  void depthwise(int index, int y, int rows, unsigned long long steps);
  void attend(const Clock& clock);
  void encode_position(float* z, float position) const;
  void project();

  const Network& network_;
  const Block& block_;
  BlockState& state_;
  Workspace& work_;
};

// Floats of the band that a bottleneck needs.
size_t band_size(const Block& block);
