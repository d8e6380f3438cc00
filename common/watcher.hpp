// The sockets that a server waits for, kept by the kernel: epoll(7) on Linux, kqueue(2) on macOS and the BSDs.
#pragma once

#ifdef __linux__
#include <sys/epoll.h>
#else
#include <sys/event.h>
#endif

#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>
#include <vector>

#include "common/socket.hpp"

/// Is told once what select() and poll() are told with every call. Level-triggered: a socket is ready as long as
/// something is left in it. What fails throws std::system_error.
class Watcher {
 public:
#ifdef __linux__
  Watcher() : kernel_(Socket::adopt(checked(::epoll_create1(EPOLL_CLOEXEC)))) {}
#else
  Watcher() : kernel_(Socket::adopt(checked(::kqueue()))) {}
#endif

  /// From now on watches `descriptor` for bytes or the end, for room to send, for both, or for neither: say that
  /// before it is closed. `owner` is what wait() returns for it. If nothing changes, the kernel is not called.
  void watch(int descriptor, void* owner, bool readable, bool writable) {
    const auto place = static_cast<std::size_t>(descriptor);
    if (watched_.size() <= place) watched_.resize(place + 1);
    const auto before = std::exchange(watched_[place], {readable, writable});
    if (before == watched_[place]) return;
#ifdef __linux__
    const bool is_new = !before.first && !before.second;
    epoll_event event{};
    event.events = (readable ? EPOLLIN : 0U) | (writable ? EPOLLOUT : 0U);
    event.data.ptr = owner;
    const int change = is_new ? EPOLL_CTL_ADD : event.events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    checked(::epoll_ctl(kernel_.descriptor(), change, descriptor, &event));
#else
    const auto change = [&](short filter, bool add) {
      struct kevent event;
      EV_SET(&event, place, filter, add ? EV_ADD : EV_DELETE, 0, 0, owner);
      checked(::kevent(kernel_.descriptor(), &event, 1, nullptr, 0, nullptr));
    };
    if (readable != before.first) change(EVFILT_READ, readable);
    if (writable != before.second) change(EVFILT_WRITE, writable);
#endif
  }

  /// Waits until something is ready, at most `milliseconds`; -1 is no limit. Returns the owners of those from which
  /// recv() or accept() would not wait, as far as 256 places go; the next call has the others.
  std::vector<void*> wait(int milliseconds) {
    std::vector<void*> readable;
#ifdef __linux__
    std::array<epoll_event, 256> events;
    const int count = checked(::epoll_wait(kernel_.descriptor(), events.data(), 256, milliseconds));
    for (auto event = events.begin(); event < events.begin() + count; ++event) {
      void* const owner = event->data.ptr;  // copied: the struct is packed, and a reference needs alignment
      if (event->events != EPOLLOUT) readable.push_back(owner);
    }
#else
    std::array<struct kevent, 256> events;
    const timespec time{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
    const timespec* const limit = milliseconds < 0 ? nullptr : &time;
    const int count = checked(::kevent(kernel_.descriptor(), nullptr, 0, events.data(), 256, limit));
    for (auto event = events.begin(); event < events.begin() + count; ++event)
      if (event->filter == EVFILT_READ) readable.push_back(event->udata);
#endif
    return readable;
  }

 private:
  // A program that was stopped and goes on finds its wait interrupted, even if it handles no signal: signal(7)
  static int checked(int result) {
    if (result == -1 && errno != EINTR)
      throw std::system_error(errno, std::system_category(), "cannot watch");
    return result;
  }

  Socket kernel_;                               // an epoll or a kqueue, closed as a socket is
  std::vector<std::pair<bool, bool>> watched_;  // for what, by descriptor
};
