#include "workspace.h"

#include <algorithm>

#include "bottleneck.h"

using namespace streamrec;

static size_t map_size(int channels, Size size) {
  return static_cast<size_t>(padded(channels)) * size.pixels();
}

void Workspace::fit(const Network& n) {
  const Padding vertical = same_padding(n.in.height, 3, 2);
  const Padding horizontal = same_padding(n.in.width, 3, 2);
  picture.grow_to(static_cast<size_t>(3) * vertical.total * horizontal.total);
  Size size = shrink(n.in, 2);
  size_t narrow = map_size(n.stem.outputs, size);
  for (const Block& b : n.blocks) {
    size = b.out;
    narrow = std::max(narrow, map_size(b.outputs, b.out));
    pooled.grow_to(b.skips() ? map_size(b.inputs, b.out) : 0);
    band.grow_to(band_size(b));
    offsets.grow_to(b.in.pixels());
    wide.grow_to(map_size(b.width, b.out));
    sums.grow_to(padded(b.width));
    means.grow_to(2 * padded(b.width));
    hidden.grow_to(padded(b.attention.reduce.outputs));
    gate.grow_to(padded(b.width));
  }
  map.grow_to(narrow);
  next.grow_to(narrow);
  wide.grow_to(map_size(n.project.outputs, size));
  sums.grow_to(padded(n.project.outputs));
  hidden.grow_to(padded(n.hidden.outputs));
  gate.grow_to(padded(n.classifier.outputs));
}
