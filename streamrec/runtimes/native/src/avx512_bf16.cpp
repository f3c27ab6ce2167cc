// x86 with AVX-512 and its bfloat16 products: two inputs at a time, summed in float.
#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels.h"

#if defined(__clang__)
#pragma clang attribute push(                                                                  \
    __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma"))), \
    apply_to = function)
#else
#pragma GCC target("avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma")
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // in the compiler's own header
#endif

#define STREAMREC_TARGET avx512_bf16
#define STREAMREC_AVX
#define STREAMREC_AVX512

namespace streamrec::avx512_bf16 {
constexpr int kVector = 16, kHalfVector = 0;
constexpr int kTileRows = 12, kTileVectors = 2;
}  // namespace streamrec::avx512_bf16

#include "gemm.h"

namespace streamrec::avx512_bf16 {

struct Pairs {
  using Number = uint16_t;
  static constexpr int kDepth = 2;

  static const uint16_t* in(const Gemm& g) { return g.in_bf16; }
  static const uint16_t* weight(const Gemm& g) { return g.weight_bf16; }

  template <typename Vec>
  STREAMREC_INLINE Vec factor(const uint16_t* weight) {
    Vec v;
    std::memcpy(&v, weight, sizeof v);
    return v;
  }
  template <typename Vec>
  STREAMREC_INLINE Vec spread(const uint16_t* in) {
    int32_t pair;
    std::memcpy(&pair, in, sizeof pair);
    return (Vec)_mm512_set1_epi32(pair);
  }
  template <typename Vec>
  STREAMREC_INLINE void add(Vec& sum, Vec x, Vec factor) {
    sum = (Vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)x, (__m512bh)factor);
  }
};

static void round_map(const float* map, const float* gate, int blocks, int pixels,
                      uint16_t* out) {
  for (int block = 0; block < blocks; ++block) {
    const Floats factor = gate ? load<Floats>(gate + block * kBlock) : broadcast<Floats>(1.0f);
    for (int pixel = 0; pixel < pixels; ++pixel, map += kBlock, out += kBlock) {
      const __m256bh rounded = _mm512_cvtneps_pbh((__m512)(load<Floats>(map) * factor));
      std::memcpy(out, &rounded, sizeof rounded);
    }
  }
}

}  // namespace streamrec::avx512_bf16

#if defined(__clang__)
#pragma clang attribute pop
#endif

namespace streamrec {

void add_bf16(Kernels& kernels) {
  kernels.gemm_bf16 = avx512_bf16::gemm<avx512_bf16::Pairs, kBlock>;
  kernels.round = avx512_bf16::round_map;
}

}  // namespace streamrec

#endif
