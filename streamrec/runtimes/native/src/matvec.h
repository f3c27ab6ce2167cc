// A dense layer on one vector. It is bound by how fast weights arrive, so they are read in the order
// in which they lie: panel after panel, row after row.
#pragma once

#include "activation.h"
#include "kernels.h"
#include "simd.h"

namespace streamrec::STREAMREC_TARGET {

template <int Vectors, typename Weight>
void panel(const Dense& d, const Weight* weight, int output) {
  Floats sum[Vectors];
#pragma GCC unroll 16
  for (int v = 0; v < Vectors; ++v) sum[v] = load<Floats>(d.bias + output + v * kVector);
  for (int k = 0; k < d.inputs; ++k, weight += Vectors * kVector) {
    const Floats x = broadcast<Floats>(d.in[k]);
#pragma GCC unroll 16
    for (int v = 0; v < Vectors; ++v) sum[v] += x * load<Floats>(weight + v * kVector);
  }
#pragma GCC unroll 16
  for (int v = 0; v < Vectors; ++v) {
    store(d.out + output + v * kVector, activate(sum[v], d.activation));
  }
}

template <typename Weight>
void all_panels(const Dense& d, const Weight* weight) {
  constexpr int kPerBlock = kBlock / kVector;
  for (int output = 0; output < d.outputs; output += kPanel) {
    switch (blocks_of(d.outputs - output)) {
      case 1: panel<kPerBlock>(d, weight, output); break;
      case 2: panel<2 * kPerBlock>(d, weight, output); break;
      case 3: panel<3 * kPerBlock>(d, weight, output); break;
      default: panel<4 * kPerBlock>(d, weight, output);
    }
    weight += static_cast<int64_t>(d.inputs) * kPanel;
  }
}

static void dense(const Dense& d) {
  if (d.weight_bf16) return all_panels(d, d.weight_bf16);
  all_panels(d, d.weight);
}

}  // namespace streamrec::STREAMREC_TARGET
