// Which instruction sets this machine has.
#include "kernels.h"

namespace streamrec {

extern const Kernels kBaseline;

#if defined(__x86_64__)
extern const Kernels kAvx512, kAvx2;
void add_bf16(Kernels& kernels);

static const Kernels* avx512() {
  static Kernels kernels = kAvx512;
  if (__builtin_cpu_supports("avx512bf16")) add_bf16(kernels);
  return &kernels;
}

static int find(const Kernels** found) {
  int count = 0;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")) {
    found[count++] = avx512();
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found[count++] = &kAvx2;
  found[count++] = &kBaseline;
  return count;
}
#else
static int find(const Kernels** found) {
  found[0] = &kBaseline;
  return 1;
}
#endif

static const Kernels* tables[3];
static const int count = find(tables);

int target_count() { return count; }
const Kernels& target(int index) { return *tables[index]; }

}  // namespace streamrec
