// The library's whole interface, in C: streamrec/runtimes/native/binding.py mirrors it.
//
// Pictures and states are dense float32 arrays, channels first. A network is never changed and may
// be used by many threads; a stream by one at a time.
#pragma once

#include <cstdint>

#define STREAMREC_API extern "C" __attribute__((visibility("default")))

// One bottleneck. Dense weights are [outputs][inputs], depthwise ones [width][taps], batch norm
// folded in. `hidden` 0: no squeeze-excitation; `position_scale` 0: it does not know the frame's
// number. `skip_weight` null: the input is added as it is.
struct BlockConfig {
  int32_t inputs, width, outputs;
  int32_t kernel, stride, taps;
  int32_t hidden;
  float position_scale;
  const float *expand_weight, *expand_bias;
  const float *space_weight, *space_bias;
  const float *time_weight, *time_bias;
  const float *reduce_weight, *reduce_bias;
  const float *gate_weight, *gate_bias;
  const float *project_weight, *project_bias;
  const float *skip_weight, *skip_bias;
};

// Activations are numbers of kernels.h. `horizon` 0: running means never forget. `bf16`: the
// weights of squeeze-excitation and head are stored as bfloat16, and where the machine multiplies
// bfloat16, 1 x 1 convolutions do.
struct NetworkConfig {
  int32_t height, width;
  int32_t stem, project, hidden, classes;
  int32_t activation, gate, head_activation;
  int32_t horizon, bf16;
  int32_t block_count;
  const BlockConfig* blocks;
  const float *stem_weight, *stem_bias;
  const float *project_weight, *project_bias;
  const float *hidden_weight, *hidden_bias;
  const float *classifier_weight, *classifier_bias;
};

struct Network;
struct Stream;

// Bytes of NetworkConfig (part 0) and BlockConfig (1), for the caller to compare with its own.
STREAMREC_API int32_t streamrec_layout(int32_t part);

STREAMREC_API int32_t streamrec_targets();
STREAMREC_API const char* streamrec_target_name(int32_t target);
STREAMREC_API int32_t streamrec_multiplies_bf16(int32_t target);

// Copies all weights. Null: no memory.
STREAMREC_API Network* streamrec_network(const NetworkConfig* config, int32_t target);
STREAMREC_API void streamrec_network_free(Network* network);

// States are numbered: the frame counter; for each block its ring, oldest frame first, and its
// running mean; the head's running mean.
STREAMREC_API Stream* streamrec_stream(const Network* network);
STREAMREC_API void streamrec_stream_free(Stream* stream);
STREAMREC_API void streamrec_stream_read(const Stream* stream, int32_t state, float* values);
STREAMREC_API void streamrec_stream_write(Stream* stream, int32_t state, const float* values);

// `frame` [3][height][width]; `logits` [classes], or null where nobody reads them. 0: no memory.
STREAMREC_API int32_t streamrec_step(Stream* stream, const float* frame, float* logits);
