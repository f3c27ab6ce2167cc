// Zeroed memory that begins at a cache line, and the arenas that it comes from.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace streamrec {

// Owns memory that is handed out piece by piece, each at a cache line, and freed as a whole. Unless
// it is reserved, its chunks double in size. Large ones ask for huge pages, without which the lookup
// of addresses slows every step down.
class Arena {
 public:
  Arena() = default;
  Arena(Arena&& other) noexcept { chunks_.swap(other.chunks_); }
  Arena& operator=(Arena&& other) noexcept {
    chunks_.swap(other.chunks_);
    return *this;
  }
  ~Arena();

  // Makes the next chunk large enough for so many bytes.
  void reserve(size_t bytes) { add_chunk(bytes); }
  void* take(size_t bytes);

 private:
  struct Chunk {
    char* data;
    size_t size, used;
  };
  void add_chunk(size_t size);

  std::vector<Chunk> chunks_;
};

// Lives as long as its arena.
template <typename T>
class Buffer {
 public:
  Buffer() = default;
  Buffer(Arena& arena, size_t size)
      : data_(static_cast<T*>(size ? arena.take(size * sizeof(T)) : nullptr)), size_(size) {}

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace streamrec
