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
  void convolve(unsigned long long steps);
  void convolve_channels(int channel_block, unsigned long long steps);
  void expand(int channel_block, int first_row, int rows, float* out);
  void attend(const Clock& clock);
  void encode_position(float* z, float position) const;
  void project();

  const Network& network_;
  const Block& block_;
  BlockState& state_;
  Workspace& work_;
};

// Rows of a band, so that it stays in the first or second cache.
int band_rows(const Block& block);
// Floats of a band.
size_t band_size(const Block& block);
