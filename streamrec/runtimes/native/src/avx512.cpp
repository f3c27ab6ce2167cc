// x86 with AVX-512: 32 registers of 16 floats.
#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels.h"

#if defined(__clang__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // in the compiler's own header
#endif

#define STREAMREC_TARGET avx512
#define STREAMREC_NAME "avx512"
#define STREAMREC_AVX
#define STREAMREC_AVX512

namespace streamrec::avx512 {
constexpr int kVector = 16, kHalfVector = 8;
constexpr int kTileRows = 12, kTileVectors = 2;
}  // namespace streamrec::avx512

#include "table.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

namespace streamrec {
extern const Kernels kAvx512 = avx512::kTable;
}

#endif
