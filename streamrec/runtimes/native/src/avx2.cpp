// x86 with AVX2 and FMA: 16 registers of 8 floats.
#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#define STREAMREC_TARGET avx2
#define STREAMREC_NAME "avx2"
#define STREAMREC_AVX

namespace streamrec::avx2 {
constexpr int kVector = 8, kHalfVector = 0;
constexpr int kTileRows = 6, kTileVectors = 2;
}  // namespace streamrec::avx2

#include "table.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

namespace streamrec {
extern const Kernels kAvx2 = avx2::kTable;
}

#endif
