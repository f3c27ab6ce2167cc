#include "bottleneck.h"

#include <cmath>
#include <cstring>

#include "layers.h"

using namespace streamrec;

// Blocks of channels that are convolved together: what is expanded once fills the register tile.
constexpr int kGroup = 2;

// A band stays in the first or second cache.
constexpr int kBandBytes = 32 * 1024;

static int row_size(const Block& b) {
  return same_padding(b.in.width, b.kernel, b.stride).total * kBlock;
}

static int band_rows(const Block& b) {
  const int most = kBandBytes / kGroup / static_cast<int>(sizeof(float)) / row_size(b);
  return std::min(std::max((most - b.kernel) / b.stride + 1, 1), b.out.height);
}

// Of one block of channels.
static size_t block_size(const Block& b) {
  return static_cast<size_t>((band_rows(b) - 1) * b.stride + b.kernel) * row_size(b);
}

size_t band_size(const Block& b) { return kGroup * block_size(b); }

void Bottleneck::step(const Clock& clock, unsigned long long steps) {
  std::memset(work_.sums.data(), 0, sizeof(float) * padded(block_.width));
  std::memset(work_.band.data(), 0, sizeof(float) * band_size(block_));
  if (block_.expand.weight_bf16.data()) {
    network_.kernels.round(work_.map.data(), nullptr, blocks_of(block_.inputs), block_.in.pixels(),
                           work_.rounded.data());
  }
  const int blocks = blocks_of(block_.width);
  for (int i = 0; i < blocks; i += kGroup) convolve(i, std::min(kGroup, blocks - i), steps);
  if (block_.attends()) attend(clock);
  project();
}

// Runs down the picture in bands of rows, from `first` of `blocks` blocks of channels.
void Bottleneck::convolve(int first, int blocks, unsigned long long steps) {
  const int height = block_.out.height;
  int kept_from = 0, kept_to = 0;  // lines of the padded picture that are in the band
  for (int y = 0; y < height; y += band_rows(block_)) {
    const int rows = std::min(band_rows(block_), height - y);
    const int from = y * block_.stride, to = from + (rows - 1) * block_.stride + block_.kernel;
    prefetch_ring(first, blocks, y, rows);
    fill_band(first, blocks, from, to, kept_from, kept_to);
    kept_from = from, kept_to = to;
    for (int i = 0; i < blocks; ++i) depthwise(first + i, y, rows, steps);
  }
}

// Asks for what the ring holds of these rows, so that it arrives while the band is computed.
void Bottleneck::prefetch_ring(int first, int blocks, int y, int rows) const {
  const Size out = block_.out;
  for (int i = first; i < first + blocks; ++i) {
    const int64_t at = (static_cast<int64_t>(i) * out.height + y) * out.width * kBlock;
    for (const Buffer<float>& map : state_.ring) {
      for (int pixel = 0; pixel < rows * out.width; ++pixel) {
        __builtin_prefetch(map.data() + at + pixel * kBlock, 0, 2);
      }
    }
  }
}

// Fills the band with lines `from` to `to` of the padded picture; those that it has move up.
void Bottleneck::fill_band(int first, int blocks, int from, int to, int kept_from, int kept_to) {
  const Block& b = block_;
  const int line = row_size(b), kept = std::max(kept_to - from, 0);
  const int top = same_padding(b.in.height, b.kernel, b.stride).before;
  const int left = same_padding(b.in.width, b.kernel, b.stride).before;
  const int begin = std::min(std::max(from + kept, top), to);      // lines to expand
  const int end = std::min(std::max(begin, top + b.in.height), to);
  for (int i = 0; i < blocks; ++i) {
    float* band = work_.band.data() + i * block_size(b);
    std::memmove(band, band + (from - kept_from) * line, sizeof(float) * kept * line);
    float* fresh = band + kept * line;
    std::memset(fresh, 0, sizeof(float) * (begin - from - kept) * line);
    std::memset(band + (end - from) * line, 0, sizeof(float) * (to - end) * line);
  }
  if (begin == end) return;
  float* out = work_.band.data() + (begin - from) * line + left * kBlock;
  expand(first, blocks, begin - top, end - begin, out);
}

void Bottleneck::expand(int first, int blocks, int row, int rows, float* out) {
  const Block& b = block_;
  const MapRuns runs(b.inputs, b.in.pixels());
  Gemm g = gemm_of(b.expand, network_.activation);
  g.columns = std::min(b.width - first * kBlock, blocks * kBlock);
  const int64_t skipped = static_cast<int64_t>(first) * b.inputs * kBlock;
  if (g.weight) g.weight += skipped;
  if (g.weight_bf16) g.weight_bf16 += skipped;
  g.bias += first * kBlock;
  g.rows = rows * b.in.width;
  const int64_t above = static_cast<int64_t>(row) * b.in.width * kBlock;
  g.in = work_.map.data() + above, g.in_bf16 = work_.rounded.data() + above;
  g.run = kBlock, g.run_offsets = runs.offsets;
  g.out = out, g.block_stride = block_size(b), g.out_offsets = b.offsets.data();
  multiply(network_.kernels, g);
}

// From the band to rows `y` and following of block `index` of the wide map, through the ring.
void Bottleneck::depthwise(int index, int y, int rows, unsigned long long steps) {
  const Block& b = block_;
  const int64_t at = (static_cast<int64_t>(index) * b.out.height + y) * b.out.width * kBlock;
  Depthwise d{};
  d.kernel = b.kernel, d.stride = b.stride;
  d.channels = std::min(b.width - index * kBlock, kBlock);
  d.in = work_.band.data() + index % kGroup * block_size(b), d.pitch = row_size(b) / kBlock;
  d.rows = rows, d.width = b.out.width;
  d.weight = b.space.data() + index * b.kernel * b.kernel * kBlock;
  d.bias = b.space_bias.data() + index * kBlock;
  d.taps = b.taps;
  if (b.taps > 1) {
    d.temporal_weight = b.time.data() + index * b.taps * kBlock;
    d.temporal_bias = b.time_bias.data() + index * kBlock;
  }
  for (int t = 0; t < b.taps - 1; ++t) {
    d.past[t] = state_.ring[(steps + t) % (b.taps - 1)].data() + at;
  }
  d.activation = network_.activation;
  d.out = work_.wide.data() + at;
  d.sum = work_.sums.data() + index * kBlock;
  network_.kernels.depthwise(d);
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

static void average_pool(const Kernels& kernels, const Block& b, const float* in, float* out) {
  AveragePool a{};
  a.blocks = blocks_of(b.inputs), a.stride = b.stride;
  a.height = b.in.height, a.width = b.in.width;
  a.top = same_padding(b.in.height, 3, b.stride).before;
  a.left = same_padding(b.in.width, 3, b.stride).before;
  a.rows = b.out.height, a.columns = b.out.width;
  a.in = in, a.out = out;
  kernels.average_pool(a);
}

void Bottleneck::project() {
  const Kernels& kernels = network_.kernels;
  const int pixels = block_.out.pixels();
  if (block_.skips()) {
    float* in = work_.map.data();
    if (block_.stride > 1) {
      average_pool(kernels, block_, in, work_.pooled.data());
      in = work_.pooled.data();
    }
    convolve_map(kernels, block_.skip, Activation::none, {in, pixels, work_.rounded.data()},
                 nullptr, nullptr, work_.next.data());
    std::swap(work_.map, work_.next);
  }
  float* map = work_.map.data();
  const float* gate = block_.attends() ? work_.gate.data() : nullptr;
  convolve_map(kernels, block_.project, Activation::none,
               {work_.wide.data(), pixels, work_.rounded.data()}, gate, map, map);
}
