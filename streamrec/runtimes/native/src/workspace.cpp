#include "workspace.h"

#include <algorithm>
#include <iterator>

#include "bottleneck.h"

using namespace streamrec;

static size_t map_size(int channels, Size size) {
  return static_cast<size_t>(padded(channels)) * size.pixels();
}

static void raise(size_t& size, size_t least) { size = std::max(size, least); }

void Workspace::fit(const Network& n) {
  Size size = shrink(n.in, 2);
  size_t line = static_cast<size_t>(9) * same_padding(n.in.width, 3, 2).total;
  size_t narrow = map_size(n.stem.outputs, size), rows = 0, broad = 0, averages = 0;
  size_t channels = padded(std::max(n.project.outputs, n.classifier.outputs));
  size_t inner = padded(n.hidden.outputs);
  for (const Block& b : n.blocks) {
    size = b.out;
    raise(narrow, map_size(b.outputs, b.out));
    raise(rows, band_size(b));
    raise(broad, map_size(b.width, b.out));
    if (b.skips()) raise(averages, map_size(b.inputs, b.out));
    raise(channels, padded(b.width));
    raise(inner, padded(b.attention.reduce.outputs));
  }
  raise(broad, map_size(n.project.outputs, size));
  struct {
    Buffer<float>* buffer;
    size_t size;
  } needs[] = {
      {&lines, line},      {&map, narrow},    {&next, narrow},        {&band, rows},
      {&wide, broad},      {&pooled, averages}, {&sums, channels},    {&means, 2 * channels},
      {&hidden, inner},    {&gate, channels},
  };
  const auto fits = [](const auto& need) { return need.size <= need.buffer->size(); };
  const size_t widest = std::max(narrow, broad);
  if (std::all_of(std::begin(needs), std::end(needs), fits) && widest <= rounded.size()) return;
  const size_t round = std::max(widest, rounded.size());
  for (auto& need : needs) {
    need.size = std::max(need.size, need.buffer->size());
    *need.buffer = {};  // where memory runs out below, no buffer outlives the arena
  }
  rounded = {};
  arena_ = Arena();
  for (const auto& need : needs) *need.buffer = Buffer<float>(arena_, need.size);
  rounded = Buffer<uint16_t>(arena_, round);
}
