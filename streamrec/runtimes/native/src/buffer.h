// Zeroed memory that begins at a cache line.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <utility>

namespace streamrec {

template <typename T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(size_t size) : size_(size) {
    if (!size) return;
    data_ = static_cast<T*>(::operator new(size * sizeof(T), kLine));
    std::memset(static_cast<void*>(data_), 0, size * sizeof(T));
  }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer() { ::operator delete(data_, kLine); }

  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }
  void grow_to(size_t size) {
    if (size > size_) *this = Buffer(size);
  }
  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  explicit operator bool() const { return size_ > 0; }

 private:
  static constexpr std::align_val_t kLine{64};
  T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace streamrec
