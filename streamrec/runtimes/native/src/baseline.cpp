// What every machine of the architecture has: SSE2 on x86, NEON on ARM (32 registers of 4 floats),
// whatever the compiler makes of vectors elsewhere.
#include "kernels.h"

#define STREAMREC_TARGET baseline
#if defined(__aarch64__)
#define STREAMREC_NAME "neon"
#elif defined(__x86_64__)
#define STREAMREC_NAME "sse2"
#else
#define STREAMREC_NAME "portable"
#endif

namespace streamrec::baseline {
constexpr int kVector = 4, kHalfVector = 0;
#if defined(__aarch64__)
constexpr int kTileRows = 6, kTileVectors = 4;
#else
constexpr int kTileRows = 3, kTileVectors = 4;
#endif
}  // namespace streamrec::baseline

#include "table.h"

namespace streamrec {
extern const Kernels kBaseline = baseline::kTable;
}
