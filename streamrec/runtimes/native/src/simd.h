// Vectors of floats by the compiler's own vector types: one source for every instruction set.
//
// Before it includes this, a target defines STREAMREC_TARGET, its namespace, with kVector, floats in
// a vector, and kHalfVector, in a narrower one for the last channels of a map, or 0. Functions are
// templates over the two types.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define STREAMREC_INLINE static inline __attribute__((always_inline))

namespace streamrec::STREAMREC_TARGET {

template <int Width>
struct Simd {
  typedef float Floats __attribute__((vector_size(sizeof(float) * Width)));
  typedef int32_t Ints __attribute__((vector_size(sizeof(int32_t) * Width)));
  typedef uint32_t Bits __attribute__((vector_size(sizeof(uint32_t) * Width)));
  typedef uint16_t Halves __attribute__((vector_size(sizeof(uint16_t) * Width)));
};

using Floats = Simd<kVector>::Floats;
using HalfFloats = Simd<kHalfVector ? kHalfVector : kVector>::Floats;

template <typename Vec>
constexpr int kWidth = sizeof(Vec) / sizeof(float);

template <typename Vec>
STREAMREC_INLINE Vec load(const float* p) {
  Vec v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// Weights may be stored as bfloat16, the upper half of a float.
template <typename Vec>
STREAMREC_INLINE Vec load(const uint16_t* p) {
  typename Simd<kWidth<Vec>>::Halves half;
  std::memcpy(&half, p, sizeof half);
  return (Vec)(__builtin_convertvector(half, typename Simd<kWidth<Vec>>::Bits) << 16);
}

template <typename Vec>
STREAMREC_INLINE void store(float* p, Vec v) {
  std::memcpy(p, &v, sizeof v);
}

template <typename Vec>
STREAMREC_INLINE Vec broadcast(float x) {
  return x - Vec{};  // not x + Vec{}, which is another number for -0
}

// The larger, and the smaller; `x` where it is not a number.
template <typename Vec>
STREAMREC_INLINE Vec larger(Vec x, Vec low) {
#if defined(__x86_64__)
  if constexpr (sizeof(Vec) == 16) return (Vec)_mm_max_ps((__m128)low, (__m128)x);
#if defined(STREAMREC_AVX)
  if constexpr (sizeof(Vec) == 32) return (Vec)_mm256_max_ps((__m256)low, (__m256)x);
#endif
#if defined(STREAMREC_AVX512)
  if constexpr (sizeof(Vec) == 64) return (Vec)_mm512_max_ps((__m512)low, (__m512)x);
#endif
#elif defined(__aarch64__)
  if constexpr (sizeof(Vec) == 16) return (Vec)vmaxq_f32((float32x4_t)low, (float32x4_t)x);
#endif
  return x < low ? low : x;
}

template <typename Vec>
STREAMREC_INLINE Vec smaller(Vec x, Vec high) {
#if defined(__x86_64__)
  if constexpr (sizeof(Vec) == 16) return (Vec)_mm_min_ps((__m128)high, (__m128)x);
#if defined(STREAMREC_AVX)
  if constexpr (sizeof(Vec) == 32) return (Vec)_mm256_min_ps((__m256)high, (__m256)x);
#endif
#if defined(STREAMREC_AVX512)
  if constexpr (sizeof(Vec) == 64) return (Vec)_mm512_min_ps((__m512)high, (__m512)x);
#endif
#elif defined(__aarch64__)
  if constexpr (sizeof(Vec) == 16) return (Vec)vminq_f32((float32x4_t)high, (float32x4_t)x);
#endif
  return x > high ? high : x;
}

template <typename Vec>
STREAMREC_INLINE Vec clamp(Vec x, float low, float high) {
  return smaller(larger(x, broadcast<Vec>(low)), broadcast<Vec>(high));
}

}  // namespace streamrec::STREAMREC_TARGET
