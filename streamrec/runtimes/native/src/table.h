// The table of one instruction set, from the kernels that were compiled for it.
#pragma once

#include "average_pool.h"
#include "depthwise.h"
#include "gemm.h"
#include "matvec.h"

namespace streamrec::STREAMREC_TARGET {

// map[block][pixel] *= gate[block]
static void scale(float* map, const float* gate, int blocks, int pixels) {
  for (int block = 0; block < blocks; ++block, gate += kBlock) {
    for (int pixel = 0; pixel < pixels; ++pixel, map += kBlock) {
      for (int lane = 0; lane < kBlock; lane += kVector) {
        store(map + lane, load<Floats>(map + lane) * load<Floats>(gate + lane));
      }
    }
  }
}

// out[block] = sum over pixels of map[block][pixel]
static void sum(const float* map, int blocks, int pixels, float* out) {
  for (int block = 0; block < blocks; ++block, map += pixels * kBlock, out += kBlock) {
    for (int lane = 0; lane < kBlock; lane += kVector) {
      Floats total = {};
      for (int pixel = 0; pixel < pixels; ++pixel) {
        total += load<Floats>(map + pixel * kBlock + lane);
      }
      store(out + lane, total);
    }
  }
}

constexpr Kernels kTable = {
    STREAMREC_NAME, gemm<Fp32, kBlock>, gemm<Fp32, 2>, dense, depthwise, average_pool, scale, sum,
    nullptr, nullptr,
};

}  // namespace streamrec::STREAMREC_TARGET
