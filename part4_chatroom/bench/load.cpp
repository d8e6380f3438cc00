#include "part4_chatroom/bench/load.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <system_error>

namespace {

// The address with a port that nobody listens on.
Address free_address(const std::string& host, std::uint16_t port) {
  const Address wanted = Address::to_listen_on(host, port);
  Socket socket(wanted.family(), SOCK_STREAM);
  socket.set_reuse_address();
  socket.bind(wanted);
  return socket.local_address();
}

std::string proc(pid_t id, const char* file) {
  return fmt::format("/proc/{}/{}", id, file);
}

}  // namespace

ServerProcess::ServerProcess(const std::string& host, std::uint16_t port, const Serve& serve)
    : address_(free_address(host, port)), id_(::fork()) {
  if (id_ == -1) throw std::system_error(errno, std::system_category(), "cannot fork");
  if (id_ != 0) return;
  const int nowhere = ::open("/dev/null", O_WRONLY);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
  try {
    const std::string text = address_.text();
    serve(host, text.substr(text.rfind(':') + 1));
  } catch (const std::exception&) {
  }
  std::_Exit(EXIT_FAILURE);
}

ServerProcess::~ServerProcess() {
  if (id_ == -1) return;
  ::kill(id_, SIGKILL);
  ::waitpid(id_, nullptr, 0);
}

Socket ServerProcess::connect() {
  while (true) {
    try {
      return Socket::connect_to(std::span(&address_, 1));
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::connection_refused) throw;
    }
    if (::waitpid(id_, nullptr, WNOHANG) == id_) {
      id_ = -1;
      throw std::runtime_error("the server has ended before it took a connection");
    }
    ::poll(nullptr, 0, 1);  // it is starting
  }
}

std::optional<double> ServerProcess::processor_seconds() const {
  double nanoseconds = 0;
  if (!(std::ifstream(proc(id_, "schedstat")) >> nanoseconds)) return std::nullopt;
  return nanoseconds * 1e-9;
}

std::optional<std::size_t> ServerProcess::memory() const {
  std::size_t all = 0;
  std::size_t resident = 0;
  if (!(std::ifstream(proc(id_, "statm")) >> all >> resident)) return std::nullopt;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::optional<std::size_t> ServerProcess::descriptors() const {
  std::error_code error;
  const std::filesystem::directory_iterator entries(proc(id_, "fd"), error);
  if (error) return std::nullopt;
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

ServerProcess::Serve chat_server_beside(const std::string& self) {
  const std::string program = (std::filesystem::path(self).parent_path() / "server").string();
  return [program](const std::string& host, const std::string& port) {
    ::execl(program.c_str(), program.c_str(), "--host", host.c_str(), "--port", port.c_str(), nullptr);
  };
}

void allow_descriptors(std::size_t count) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= count) return;
  limit.rlim_cur = count;
  if (limit.rlim_max < count || ::setrlimit(RLIMIT_NOFILE, &limit) == -1) {
    throw std::runtime_error(fmt::format(
        "this takes {} descriptors, and a process may have only {} (ulimit -n)", count, limit.rlim_max));
  }
}
