// Matrix product in register tiles of rows by vectors of columns.
//
// A target defines kTileRows x kTileVectors, the tile that fills its registers.
#pragma once

#include "activation.h"
#include "kernels.h"
#include "simd.h"

namespace streamrec::STREAMREC_TARGET {

// What a tile multiplies: floats, one input at a time.
struct Fp32 {
  using Number = float;
  static constexpr int kDepth = 1;

  static const float* in(const Gemm& g) { return g.in; }
  static const float* weight(const Gemm& g) { return g.weight; }

  template <typename Vec>
  STREAMREC_INLINE Vec factor(const float* weight) {
    return load<Vec>(weight);
  }
  template <typename Vec>
  STREAMREC_INLINE Vec spread(const float* in) {
    return broadcast<Vec>(*in);
  }
  template <typename Vec>
  STREAMREC_INLINE void add(Vec& sum, Vec x, Vec factor) {
    sum += x * factor;
  }
};

template <typename Product, typename Vec, int Rows, int Vectors, int RowStride>
void tile(const Gemm& g, int row, int column) {
  using Number = typename Product::Number;
  constexpr int kDepth = Product::kDepth;
  const Number* w[Vectors];
  Vec sum[Rows][Vectors];
#pragma GCC unroll 16
  for (int v = 0; v < Vectors; ++v) {
    const int c = column + v * kWidth<Vec>;
    w[v] = Product::weight(g) + static_cast<int64_t>(c / kBlock) * g.inputs * kBlock +
           c % kBlock * kDepth;
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) sum[r][v] = load<Vec>(g.bias + c);
  }
  for (int first = 0, i = 0; first < g.inputs; first += g.run, ++i) {
    const Number* in = Product::in(g) + g.run_offsets[i] + row * RowStride;
    const int left = g.inputs - first < g.run ? g.inputs - first : g.run;
    const int run = RowStride == 2 ? kStemTaps : left;
    for (int k = 0; k < run; k += kDepth) {
      Vec factor[Vectors];
#pragma GCC unroll 16
      for (int v = 0; v < Vectors; ++v) {
        factor[v] = Product::template factor<Vec>(w[v]);
        w[v] += kBlock * kDepth;
      }
#pragma GCC unroll 16
      for (int r = 0; r < Rows; ++r) {
        const Vec x = Product::template spread<Vec>(in + r * RowStride + k);
#pragma GCC unroll 16
        for (int v = 0; v < Vectors; ++v) Product::add(sum[r][v], x, factor[v]);
      }
    }
  }
#pragma GCC unroll 16
  for (int v = 0; v < Vectors; ++v) {
    const int c = column + v * kWidth<Vec>;
    const int64_t start = c / kBlock * g.block_stride + c % kBlock;
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
      const int offset = g.out_offsets ? g.out_offsets[row + r] : (row + r) * kBlock;
      Vec y = activate(sum[r][v], g.activation);
      if (g.residual) y += load<Vec>(g.residual + start + offset);
      store(g.out + start + offset, y);
    }
  }
}

// Picks the tile with `rows` rows.
template <typename Product, typename Vec, int Rows, int Vectors, int RowStride>
STREAMREC_INLINE void tile_of(int rows, const Gemm& g, int row, int column) {
  if constexpr (Rows > 1) {
    if (rows < Rows) {
      return tile_of<Product, Vec, Rows - 1, Vectors, RowStride>(rows, g, row, column);
    }
  }
  tile<Product, Vec, Rows, Vectors, RowStride>(g, row, column);
}

// All rows, in tiles of nearly equal height: a low last tile would leave the pipeline empty.
template <typename Product, typename Vec, int Vectors, int RowStride>
void all_rows(const Gemm& g, int column) {
  const int tiles = (g.rows + kTileRows - 1) / kTileRows;
  const int height = g.rows / tiles, higher = g.rows % tiles;
  for (int i = 0, row = 0; i < tiles; ++i) {
    const int rows = height + (i < higher);
    tile_of<Product, Vec, kTileRows, Vectors, RowStride>(rows, g, row, column);
    row += rows;
  }
}

// Picks the tile with `vectors` vectors.
template <typename Product, typename Vec, int Vectors, int RowStride>
STREAMREC_INLINE void all_rows_of(int vectors, const Gemm& g, int column) {
  if constexpr (Vectors > 1) {
    if (vectors < Vectors) {
      return all_rows_of<Product, Vec, Vectors - 1, RowStride>(vectors, g, column);
    }
  }
  all_rows<Product, Vec, Vectors, RowStride>(g, column);
}

template <typename Product, int RowStride>
void gemm(const Gemm& g) {
  const int rest = g.columns % kVector;
  const bool half = rest > 0 && rest <= kHalfVector;
  const int columns = half ? g.columns - rest : g.columns;
  for (int column = 0; column < columns; column += kTileVectors * kVector) {
    const int vectors = (columns - column + kVector - 1) / kVector;
    all_rows_of<Product, Floats, kTileVectors, RowStride>(vectors, g, column);
  }
  if (half) all_rows<Product, HalfFloats, 1, RowStride>(g, columns);
}

}  // namespace streamrec::STREAMREC_TARGET
