#include "stream.h"

#include <cstring>

#include "bottleneck.h"
#include "layers.h"
#include "stem.h"

using namespace streamrec;

// Floats of the states, each from a cache line on.
static size_t state_size(const Network& n) {
  size_t size = padded(n.project.outputs);
  for (const Block& b : n.blocks) {
    const size_t map = static_cast<size_t>(padded(b.width)) * b.out.pixels();
    size += map * (b.taps - 1) + (b.attends() ? padded(b.width) : 0);
  }
  return size;
}

Stream::Stream(const Network& n) : network(n) {
  arena.reserve(sizeof(float) * state_size(n));
  head_pool = Buffer<float>(arena, padded(n.project.outputs));
  for (const Block& b : n.blocks) {
    BlockState state;
    const size_t size = static_cast<size_t>(padded(b.width)) * b.out.pixels();
    for (int i = 0; i < b.taps - 1; ++i) state.ring.emplace_back(arena, size);
    if (b.attends()) state.pool = Buffer<float>(arena, padded(b.width));
    blocks.push_back(std::move(state));
  }
}

// The mean over pixels, the running mean, and two dense layers unless nobody reads the logits.
static void head(const Network& n, Size size, float rate, float* pool, Workspace& work,
                 float* logits) {
  convolve_map(n.kernels, n.project, n.activation,
               {work.map.data(), size.pixels(), work.rounded.data()}, nullptr, nullptr,
               work.wide.data());
  const int channels = n.project.outputs;
  float* means = work.sums.data();
  n.kernels.sum(work.wide.data(), blocks_of(channels), size.pixels(), means);
  for (int c = 0; c < channels; ++c) means[c] /= static_cast<float>(size.pixels());
  update_mean(pool, means, channels, rate);
  if (!logits) return;
  dense_layer(n.kernels, n.hidden, n.head_activation, pool, work.hidden.data());
  dense_layer(n.kernels, n.classifier, Activation::none, work.hidden.data(), work.gate.data());
  std::memcpy(logits, work.gate.data(), sizeof(float) * n.classifier.outputs);
}

void Stream::step(const float* frame, float* logits) {
  thread_local Workspace work;
  work.fit(network);
  const Clock clock(frames_seen, network.horizon);
  stem(network, frame, work);
  for (size_t i = 0; i < blocks.size(); ++i) {
    Bottleneck(network, network.blocks[i], blocks[i], work).step(clock, steps);
  }
  const Size size = blocks.empty() ? shrink(network.in, 2) : network.blocks.back().out;
  head(network, size, clock.rate, head_pool.data(), work, logits);
  frames_seen = std::min(frames_seen + 1.0f, kMaxCount);
  ++steps;
}

Stream::Place Stream::find(int state) const {
  if (state-- == 0) return {const_cast<float*>(&frames_seen), 1, 1};
  for (size_t i = 0; i < blocks.size(); ++i) {
    const Block& b = network.blocks[i];
    const int entries = b.taps - 1;
    if (state < entries) {
      const Buffer<float>& map = blocks[i].ring[(steps + state) % entries];
      return {const_cast<float*>(map.data()), b.width, b.out.pixels()};
    }
    state -= entries;
    if (b.attends() && state-- == 0) {
      return {const_cast<float*>(blocks[i].pool.data()), b.width, 1};
    }
  }
  return {const_cast<float*>(head_pool.data()), network.project.outputs, 1};
}

void Stream::read(int state, float* values) const {
  const Place place = find(state);
  for (int c = 0; c < place.channels; ++c) {
    const float* from = place.data + static_cast<int64_t>(c / kBlock) * place.pixels * kBlock;
    for (int p = 0; p < place.pixels; ++p) *values++ = from[p * kBlock + c % kBlock];
  }
}

void Stream::write(int state, const float* values) {
  const Place place = find(state);
  for (int c = 0; c < place.channels; ++c) {
    float* to = place.data + static_cast<int64_t>(c / kBlock) * place.pixels * kBlock;
    for (int p = 0; p < place.pixels; ++p) to[p * kBlock + c % kBlock] = *values++;
  }
}
