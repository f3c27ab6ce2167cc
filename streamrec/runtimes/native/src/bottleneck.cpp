#include "bottleneck.h"

#include <cmath>

#include "average_pool.h"
#include "dense.h"

using namespace streamrec;

constexpr int kBandBytes = 48 * 1024;

static int pitch_of(const Block& b) {
  return same_padding(b.in.width, b.kernel, b.stride).total;
}

int band_rows(const Block& b) {
  const int row_bytes = pitch_of(b) * kBlock * static_cast<int>(sizeof(float));
  const int rows = (kBandBytes / row_bytes - b.kernel) / b.stride + 1;
  return std::min(std::max(rows, 1), b.out.height);
}

size_t band_size(const Block& b) {
  const size_t rows = static_cast<size_t>(band_rows(b) - 1) * b.stride + b.kernel;
  return rows * pitch_of(b) * kBlock;
}

void Bottleneck::step(const Clock& clock, unsigned long long steps) {
  convolve(steps);
  if (block_.attends()) attend(clock);
  project();
}

void Bottleneck::convolve(unsigned long long steps) {
  std::memset(work_.sums.data(), 0, sizeof(float) * padded(block_.width));
  std::memset(work_.band.data(), 0, sizeof(float) * band_size(block_));
  const int pitch = pitch_of(block_);
  for (int pixel = 0; pixel < block_.in.pixels(); ++pixel) {
    const int row = pixel / block_.in.width, column = pixel % block_.in.width;
    work_.offsets.data()[pixel] = (row * pitch + column) * kBlock;
  }
  for (int i = 0; i < blocks_of(block_.width); ++i) convolve_channels(i, steps);
}

// Runs down the picture in bands of rows. Rows that the next band needs again move to its begin.
void Bottleneck::convolve_channels(int channel_block, unsigned long long steps) {
  const Block& b = block_;
  const int row_size = pitch_of(b) * kBlock, bands = band_rows(b);
  const Padding vertical = same_padding(b.in.height, b.kernel, b.stride);
  const Padding horizontal = same_padding(b.in.width, b.kernel, b.stride);
  const int64_t map_at = static_cast<int64_t>(channel_block) * b.out.pixels() * kBlock;

  Depthwise d{};
  d.kernel = b.kernel, d.stride = b.stride, d.taps = b.taps;
  d.channels = std::min(b.width - channel_block * kBlock, kBlock);
  d.in = work_.band.data(), d.pitch = pitch_of(b), d.width = b.out.width;
  d.weight = b.space.data() + channel_block * b.kernel * b.kernel * kBlock;
  d.bias = b.space_bias.data() + channel_block * kBlock;
  d.activation = network_.activation;
  d.sum = work_.sums.data() + channel_block * kBlock;
  if (b.taps > 1) {
    d.temporal_weight = b.time.data() + channel_block * b.taps * kBlock;
    d.temporal_bias = b.time_bias.data() + channel_block * kBlock;
  }

  float* band = work_.band.data();
  int have_from = 0, have_to = 0;  // rows of the padded picture that the band holds
  for (int y = 0; y < b.out.height; y += d.rows) {
    d.rows = std::min(bands, b.out.height - y);
    const int from = y * b.stride, to = from + (d.rows - 1) * b.stride + b.kernel;
    const int kept = std::max(have_to - from, 0);
    std::memmove(band, band + (from - have_from) * row_size, sizeof(float) * kept * row_size);
    for (int row = from + kept; row < to;) {
      const int source = row - vertical.before;
      float* target = band + (row - from) * row_size;
      if (source < 0 || source >= b.in.height) {
        std::memset(target, 0, sizeof(float) * row_size);
        ++row;
        continue;
      }
      const int rows = std::min(to - row, b.in.height - source);
      expand(channel_block, source, rows, target + horizontal.before * kBlock);
      row += rows;
    }
    have_from = from, have_to = to;

    const int64_t at = map_at + static_cast<int64_t>(y) * b.out.width * kBlock;
    d.out = work_.wide.data() + at;
    for (int t = 0; t < b.taps - 1; ++t) {
      d.past[t] = state_.ring[(steps + t) % (b.taps - 1)].data() + at;
    }
    network_.kernels.depthwise(d);
  }
}

void Bottleneck::expand(int channel_block, int first_row, int rows, float* out) {
  const Block& b = block_;
  const MapRuns runs(b.inputs, b.in.pixels());
  Gemm g = gemm_of(b.expand, network_.activation);
  g.columns = std::min(b.width - channel_block * kBlock, kBlock);
  g.weight += static_cast<int64_t>(channel_block) * b.inputs * kBlock;
  g.bias += channel_block * kBlock;
  g.rows = rows * b.in.width;
  g.in = work_.map.data() + static_cast<int64_t>(first_row) * b.in.width * kBlock;
  g.run = kBlock, g.run_offsets = runs.offsets;
  g.out = out, g.out_offsets = work_.offsets.data();
  network_.kernels.gemm(g);
}

void Bottleneck::attend(const Clock& clock) {
  const SqueezeExcite& layer = block_.attention;
  const int width = block_.width;
  float *mean = work_.means.data(), *frame_mean = mean + width;
  const float share = 1.0f / static_cast<float>(block_.out.pixels());
  for (int c = 0; c < width; ++c) frame_mean[c] = work_.sums.data()[c] * share;
  update_mean(state_.pool.data(), frame_mean, width, clock.rate);
  std::memcpy(mean, state_.pool.data(), sizeof(float) * width);
  if (layer.position_scale != 0.0f) encode_position(mean, clock.position);
  dense_layer(network_.kernels, layer.reduce, network_.activation, mean, work_.hidden.data());
  dense_layer(network_.kernels, layer.gate, network_.gate, work_.hidden.data(), work_.gate.data());
  network_.kernels.scale(work_.wide.data(), work_.gate.data(), blocks_of(width),
                         block_.out.pixels());
}

// Adds sines to the first half and cosines to the second.
void Bottleneck::encode_position(float* z, float position) const {
  const SqueezeExcite& layer = block_.attention;
  for (int i = 0; i < block_.width; ++i) {
    const float angle = position * layer.rates[i];
    z[i] += layer.position_scale * std::sin(angle);
    z[block_.width + i] += layer.position_scale * std::cos(angle);
  }
}

void Bottleneck::project() {
  const Kernels& kernels = network_.kernels;
  const int pixels = block_.out.pixels();
  if (block_.skips()) {
    const float* in = work_.map.data();
    if (block_.stride > 1) {
      average_pool(in, block_.inputs, block_.in, block_.stride, work_.pooled.data());
      in = work_.pooled.data();
    }
    convolve_map(kernels, block_.skip, Activation::none, in, pixels, nullptr, work_.next.data());
    work_.map.swap(work_.next);
  }
  float* map = work_.map.data();
  convolve_map(kernels, block_.project, Activation::none, work_.wide.data(), pixels, map, map);
}
