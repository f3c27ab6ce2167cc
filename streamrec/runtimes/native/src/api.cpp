#include "api.h"

#include "stream.h"

int32_t streamrec_layout(int32_t part) {
  return part ? sizeof(BlockConfig) : sizeof(NetworkConfig);
}

int32_t streamrec_targets() { return streamrec::target_count(); }

const char* streamrec_target_name(int32_t target) { return streamrec::target(target).name; }

int32_t streamrec_multiplies_bf16(int32_t target) {
  return streamrec::target(target).gemm_bf16 != nullptr;
}

Network* streamrec_network(const NetworkConfig* config, int32_t target) try {
  return new Network(*config, streamrec::target(target));
} catch (...) {
  return nullptr;
}

void streamrec_network_free(Network* network) { delete network; }

Stream* streamrec_stream(const Network* network) try {
  return new Stream(*network);
} catch (...) {
  return nullptr;
}

void streamrec_stream_free(Stream* stream) { delete stream; }

void streamrec_stream_read(const Stream* stream, int32_t state, float* values) {
  stream->read(state, values);
}

void streamrec_stream_write(Stream* stream, int32_t state, const float* values) {
  stream->write(state, values);
}

int32_t streamrec_step(Stream* stream, const float* frame, float* logits) try {
  stream->step(frame, logits);
  return 1;
} catch (...) {
  return 0;
}
