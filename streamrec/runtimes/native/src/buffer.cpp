#include "buffer.h"

#include <algorithm>
#include <cstring>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace streamrec {

constexpr size_t kLine = 64;
constexpr size_t kHugePage = 2 << 20;
constexpr size_t kFirstChunk = 64 << 10, kLargestChunk = 16 << 20;

static std::align_val_t alignment(size_t size) {
  return std::align_val_t{size >= kHugePage ? kHugePage : kLine};
}

static size_t round_up(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

Arena::~Arena() {
  for (const Chunk& chunk : chunks_) ::operator delete(chunk.data, alignment(chunk.size));
}

void* Arena::take(size_t bytes) {
  bytes = round_up(bytes, kLine);
  if (chunks_.empty() || chunks_.back().size - chunks_.back().used < bytes) {
    const size_t next = chunks_.empty() ? kFirstChunk : 2 * chunks_.back().size;
    add_chunk(std::max(std::min(next, kLargestChunk), bytes));
  }
  Chunk& chunk = chunks_.back();
  char* data = chunk.data + chunk.used;
  chunk.used += bytes;
  return data;
}

void Arena::add_chunk(size_t size) {
  chunks_.reserve(chunks_.size() + 1);
  char* data = static_cast<char*>(::operator new(size, alignment(size)));
#if defined(__linux__)
  if (size >= kHugePage) madvise(data, size, MADV_HUGEPAGE);
#endif
  std::memset(data, 0, size);
  chunks_.push_back({data, size, 0});
}

}  // namespace streamrec
