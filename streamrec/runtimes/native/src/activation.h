// Activations on vectors; the names are those of streamrec/nn/activation.py.
#pragma once

#include "kernels.h"
#include "simd.h"

namespace streamrec::STREAMREC_TARGET {

// Natural exponential, accurate to about one unit in the last place for results that are normal
// numbers: 2^n times a Taylor polynomial in the rest, |rest| <= ln(2) / 2.
template <typename Vec>
STREAMREC_INLINE Vec exponential(Vec x) {
  x = clamp(x, -87.0f, 88.0f);
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const Vec n = (x * 1.44269504f + magic) - magic;
  const Vec rest = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Vec y = broadcast<Vec>(1.0f / 5040.0f);
  y = y * rest + 1.0f / 720.0f;
  y = y * rest + 1.0f / 120.0f;
  y = y * rest + 1.0f / 24.0f;
  y = y * rest + 1.0f / 6.0f;
  y = y * rest + 0.5f;
  y = y * rest + 1.0f;
  y = y * rest + 1.0f;
  using Ints = typename Simd<kWidth<Vec>>::Ints;
  return y * (Vec)((__builtin_convertvector(n, Ints) + 127) << 23);
}

template <typename Vec>
STREAMREC_INLINE Vec sigmoid(Vec x) {
  return 1.0f / (1.0f + exponential(-x));
}

template <typename Vec>
STREAMREC_INLINE Vec activate(Vec x, Activation activation) {
  switch (activation) {
    case Activation::none: return x;
    case Activation::hard_swish: return x * clamp(x * (1.0f / 6.0f) + 0.5f, 0.0f, 1.0f);
    case Activation::relu6: return clamp(x, 0.0f, 6.0f);
    case Activation::swish: return x * sigmoid(x);
    case Activation::sigmoid: return sigmoid(x);
    case Activation::hard_sigmoid: return clamp(x * 0.2f + 0.5f, 0.0f, 1.0f);
    case Activation::hard_sigmoid_relu6: return clamp(x + 3.0f, 0.0f, 6.0f) * 0.16667f;
  }
  return x;
}

}  // namespace streamrec::STREAMREC_TARGET
