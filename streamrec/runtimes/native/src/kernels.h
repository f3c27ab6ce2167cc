// The kernels that a step is made of. Each instruction set fills one table of them.
//
// A map is [channels / kBlock][pixels][kBlock]: blocks of channels, each a dense picture. Channels
// are padded with zeros to a multiple of kBlock; kernels skip whole vectors of padding.
#pragma once

#include <cstdint>

namespace streamrec {

constexpr int kBlock = 16;
constexpr int kPanel = 4 * kBlock;
constexpr int kStemTaps = 3;
constexpr int kMaxChannels = 2048;
constexpr int kMaxKernel = 7;
constexpr int kMaxTaps = 7;

constexpr int blocks_of(int channels) { return (channels + kBlock - 1) / kBlock; }
constexpr int padded(int channels) { return blocks_of(channels) * kBlock; }

enum class Activation : int32_t {
  none,
  hard_swish,
  relu6,
  swish,
  sigmoid,
  hard_sigmoid,
  hard_sigmoid_relu6,
};

// out[row][c] = activation(bias[c] + sum over k of in[row][k] * weight[k][c]) + residual[row][c]
struct Gemm {
  int rows;
  int columns;
  // The inputs of a row lie in runs of `run` floats, `run_offsets` floats after its first float.
  const float* in;
  int inputs;
  int run;
  const int32_t* run_offsets;
  const float* weight;  // [columns / kBlock][inputs][kBlock]
  // Of gemm_bf16, in place of the two: pairs of inputs, [columns / kBlock][inputs / 2][kBlock][2].
  const uint16_t* in_bf16;
  const uint16_t* weight_bf16;
  const float* bias;    // padded(columns)
  Activation activation;
  const float* residual;  // laid out as `out`, or null
  float* out;             // blocks of columns, `block_stride` floats apart
  int64_t block_stride;
  const int32_t* out_offsets;  // floats from a block's begin to each row; null: kBlock * row
};

// out = activation(bias + weight * in), for one vector
struct Dense {
  int inputs;
  int outputs;
  const float* in;
  // [outputs / kPanel][inputs][kPanel], the last panel as narrow as it can be; one is null.
  const float* weight;
  const uint16_t* weight_bf16;
  const float* bias;  // padded(outputs)
  Activation activation;
  float* out;  // padded(outputs)
};

// Depthwise convolution over space, then over time, for some rows of one block of channels.
struct Depthwise {
  int kernel;
  int stride;
  int channels;     // at most kBlock
  const float* in;  // zero-padded picture: [(rows - 1) * stride + kernel][pitch][kBlock]
  int pitch;        // pixels in a row of `in`
  int rows;
  int width;
  const float* weight;           // [kernel * kernel][kBlock]
  const float* bias;             // [kBlock]
  int taps;                      // frames that the temporal convolution sees; 1: there is none
  const float* temporal_weight;  // [taps][kBlock], oldest first
  const float* temporal_bias;    // [kBlock]
  float* past[kMaxTaps];         // taps - 1 pictures, oldest first; this frame replaces the oldest
  Activation activation;
  float* out;  // [rows][width][kBlock]
  float* sum;  // [kBlock]; the sum of `out` over all pixels is added
};

// 3 x 3 average with SAME padding, which does not count in the divisor.
struct AveragePool {
  int blocks;
  int stride;
  int height, width;      // of `in`
  int top, left;          // padding
  int rows, columns;      // of `out`
  const float* in;
  float* out;
};

struct Kernels {
  const char* name;
  void (*gemm)(const Gemm&);           // a row of inputs begins kBlock floats after the one before
  // ... two floats after the one before, and runs of kStemTaps: the stem's picture.
  void (*gemm_stride_2)(const Gemm&);
  void (*dense)(const Dense&);
  void (*depthwise)(const Depthwise&);
  void (*average_pool)(const AveragePool&);
  void (*scale)(float* map, const float* gate, int blocks, int pixels);
  void (*sum)(const float* map, int blocks, int pixels, float* out);
  // bfloat16 products, where the machine has them; else null.
  void (*gemm_bf16)(const Gemm&);
  // Times the gate of each channel, unless it is null.
  void (*round)(const float* map, const float* gate, int blocks, int pixels, uint16_t* out);
};

// The tables that this build has and this machine can run, best first; the last one runs anywhere.
int target_count();
const Kernels& target(int index);

}  // namespace streamrec
