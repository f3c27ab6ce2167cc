#include "api.h"

#include <new>

#include "stream.h"

int32_t streamrec_targets() { return streamrec::target_count(); }

const char* streamrec_target_name(int32_t target) { return streamrec::target(target).name; }

Network* streamrec_network(const NetworkConfig* config, int32_t target) try {
  return new Network(*config, streamrec::target(target));
} catch (const std::bad_alloc&) {
  return nullptr;
}

void streamrec_network_free(Network* network) { delete network; }

Stream* streamrec_stream(const Network* network) try {
  return new Stream(*network);
} catch (const std::bad_alloc&) {
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
} catch (const std::bad_alloc&) {
  return 0;
}
