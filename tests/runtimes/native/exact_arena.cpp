// The arena for sanitizers: every buffer is an allocation of its own, of exactly the size asked for,
// so that the first float beyond it is an error. The one after `memory_left` others fails.
#include "exact_arena.h"

#include <new>

#include "buffer.h"

int memory_left = -1;

namespace streamrec {

constexpr std::align_val_t kLine{64};

Arena::~Arena() {
  for (const Chunk& chunk : chunks_) ::operator delete(chunk.data, kLine);
}

void Arena::add_chunk(size_t) {}

void* Arena::take(size_t bytes) {
  if (memory_left == 0) throw std::bad_alloc();
  if (memory_left > 0) --memory_left;
  chunks_.reserve(chunks_.size() + 1);
  char* data = static_cast<char*>(::operator new(bytes, kLine));
  for (size_t i = 0; i < bytes; ++i) data[i] = 0;
  chunks_.push_back({data, bytes, bytes});
  return data;
}

}  // namespace streamrec
