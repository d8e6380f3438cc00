#include "part3_objects/tests/memory.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace {

// The size of each block, right before it.
constexpr std::size_t block_header = alignof(std::max_align_t);

std::atomic<std::size_t> in_use = 0;
std::atomic<std::size_t> most_in_use = 0;

}  // namespace

MemoryWatch::MemoryWatch() : before_(in_use) {
  most_in_use = before_;
}

std::size_t MemoryWatch::peak() const {
  return most_in_use - before_;
}

// Every form of new and delete but those for larger alignments: the address sanitizer has its own of each.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  auto* const block = static_cast<std::size_t*>(std::malloc(size + block_header));
  if (block == nullptr) return nullptr;
  *block = size + block_header;
  in_use += *block;
  most_in_use = std::max(most_in_use.load(), in_use.load());
  return reinterpret_cast<char*>(block) + block_header;
}

void* operator new(std::size_t size) {
  void* const memory = operator new(size, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return operator new(size, std::nothrow);
}

void* operator new[](std::size_t size) {
  return operator new(size);
}

void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  auto* const block = reinterpret_cast<std::size_t*>(static_cast<char*>(memory) - block_header);
  in_use -= *block;
  std::free(block);
}

void operator delete(void* memory, std::size_t) noexcept {
  operator delete(memory);
}

void operator delete[](void* memory) noexcept {
  operator delete(memory);
}

void operator delete[](void* memory, std::size_t) noexcept {
  operator delete(memory);
}
