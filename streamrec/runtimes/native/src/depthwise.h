// Depthwise convolution over space and then time, one block of channels at a time. Each output is
// finished while it is in registers: activation, this frame's entry in the ring, the temporal
// convolution over the ring, activation, and the sum that squeeze-excitation wants.
//
// Template arguments that are 0 stand for the value in `d`.
#pragma once

#include "activation.h"
#include "kernels.h"
#include "simd.h"

namespace streamrec::STREAMREC_TARGET {

// The weights of one vector of channels, copied so that the compiler sees that no store changes
// them.
template <typename Vec, int Kernel, int Taps>
struct Weights {
  Vec space[Kernel ? Kernel * Kernel : kMaxKernel * kMaxKernel], time[Taps ? Taps : kMaxTaps];
  Vec bias, time_bias;

  __attribute__((always_inline)) Weights(const Depthwise& d, int lane) {
    const int kernel = Kernel ? Kernel : d.kernel, taps = Taps ? Taps : d.taps;
    for (int i = 0; i < kernel * kernel; ++i) space[i] = load<Vec>(d.weight + i * kBlock + lane);
    bias = load<Vec>(d.bias + lane);
    if (taps == 1) return;
    for (int t = 0; t < taps; ++t) time[t] = load<Vec>(d.temporal_weight + t * kBlock + lane);
    time_bias = load<Vec>(d.temporal_bias + lane);
  }
};

// Finishes one output that the convolution over space has computed; `at` floats into the maps.
template <typename Vec, int Kernel, int Taps>
STREAMREC_INLINE Vec finish(const Depthwise& d, const Weights<Vec, Kernel, Taps>& w, Vec y,
                            int64_t at) {
  const int taps = Taps ? Taps : d.taps;
  y = activate(y, d.activation);
  if (taps > 1) {
    Vec z = w.time_bias + y * w.time[taps - 1];
#pragma GCC unroll 8
    for (int t = 0; t < taps - 1; ++t) z += load<Vec>(d.past[t] + at) * w.time[t];
    store(d.past[0] + at, y);
    y = activate(z, d.activation);
  }
  store(d.out + at, y);
  return y;
}

template <typename Vec, int Kernel, int Stride, int Taps, int Pixels>
STREAMREC_INLINE Vec pixels(const Depthwise& d, const Weights<Vec, Kernel, Taps>& w,
                            const float* in, int64_t at) {
  const int kernel = Kernel ? Kernel : d.kernel, stride = Stride ? Stride : d.stride;
  Vec y[Pixels];
#pragma GCC unroll 16
  for (int p = 0; p < Pixels; ++p) y[p] = w.bias;
#pragma GCC unroll 8
  for (int ky = 0; ky < kernel; ++ky) {
    const float* row = in + static_cast<int64_t>(ky) * d.pitch * kBlock;
#pragma GCC unroll 8
    for (int kx = 0; kx < kernel; ++kx) {
#pragma GCC unroll 16
      for (int p = 0; p < Pixels; ++p) {
        y[p] += w.space[ky * kernel + kx] * load<Vec>(row + (kx + p * stride) * kBlock);
      }
    }
  }
  Vec sum = {};
#pragma GCC unroll 16
  for (int p = 0; p < Pixels; ++p) sum += finish<Vec, Kernel, Taps>(d, w, y[p], at + p * kBlock);
  return sum;
}

template <typename Vec, int Kernel, int Stride, int Taps>
void one_vector(const Depthwise& d, int lane) {
  constexpr int kPixels = 4;
  const Weights<Vec, Kernel, Taps> w(d, lane);
  const int step = (Stride ? Stride : d.stride) * kBlock;
  Vec sum = load<Vec>(d.sum + lane);
  for (int row = 0; row < d.rows; ++row) {
    const float* in = d.in + static_cast<int64_t>(row) * step * d.pitch + lane;
    int64_t at = static_cast<int64_t>(row) * d.width * kBlock + lane;
    int left = d.width;
    for (; left >= kPixels; left -= kPixels, in += kPixels * step, at += kPixels * kBlock) {
      sum += pixels<Vec, Kernel, Stride, Taps, kPixels>(d, w, in, at);
    }
    if (left >= 2) {
      sum += pixels<Vec, Kernel, Stride, Taps, 2>(d, w, in, at);
      left -= 2, in += 2 * step, at += 2 * kBlock;
    }
    if (left) sum += pixels<Vec, Kernel, Stride, Taps, 1>(d, w, in, at);
  }
  store(d.sum + lane, sum);
}

template <int Kernel, int Stride, int Taps>
void all_vectors(const Depthwise& d) {
  if (d.channels <= kHalfVector) return one_vector<HalfFloats, Kernel, Stride, Taps>(d, 0);
  for (int lane = 0; lane < d.channels; lane += kVector) {
    one_vector<Floats, Kernel, Stride, Taps>(d, lane);
  }
}

template <int Kernel, int Stride>
STREAMREC_INLINE void by_taps(const Depthwise& d) {
  switch (d.taps) {
    case 1: return all_vectors<Kernel, Stride, 1>(d);
    case 3: return all_vectors<Kernel, Stride, 3>(d);
    case 5: return all_vectors<Kernel, Stride, 5>(d);
    default: return all_vectors<0, 0, 0>(d);
  }
}

// The kernels of the published networks have code of their own; all others share one.
static void depthwise(const Depthwise& d) {
  if (d.kernel == 3 && d.stride == 1) return by_taps<3, 1>(d);
  if (d.kernel == 3 && d.stride == 2) return by_taps<3, 2>(d);
  if (d.kernel == 5 && d.stride == 1) return by_taps<5, 1>(d);
  if (d.kernel == 5 && d.stride == 2) return by_taps<5, 2>(d);
  all_vectors<0, 0, 0>(d);
}

}  // namespace streamrec::STREAMREC_TARGET
