#include "docs/check/stand_ins.hpp"

#include <cerrno>
#include <cstdlib>
#include <regex>
#include <system_error>
#include <utility>

namespace {

std::string replaced(const std::string& text, const std::string& from, const std::string& to) {
  return std::regex_replace(text, std::regex(from), to);
}

std::string replaced_path(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// Where it is not part of a longer number, nor the fraction of one.
std::string replaced_number(const std::string& text, const std::string& from, const std::string& to) {
  if (text.find(from) == std::string::npos) return text;  // a regex is slow
  return replaced(text, "(^|[^0-9.])" + from + "(?![0-9])", "$01" + to);
}

std::string digits(const ReservedPort& port) {
  return std::to_string(port.number());
}

std::filesystem::path new_temporary_folder() {
  std::string path = std::filesystem::temp_directory_path() / ("tutorial-" + std::string(6, 'X'));
  if (mkdtemp(path.data()) == nullptr) throw std::system_error(errno, std::system_category(), "mkdtemp");
  return std::filesystem::canonical(path);
}

}  // namespace

StandIns::StandIns(std::filesystem::path build)
    : temporary_(new_temporary_folder()), build_(std::move(build)), my_(temporary_ / "my") {
  std::filesystem::create_directory(my_);
}

StandIns::~StandIns() {
  std::error_code ignored;
  std::filesystem::remove_all(temporary_, ignored);
}

std::string StandIns::in_command(std::string command) {
  const std::string before = R"((^|[\s"'=(<>@]))";  // a path
  const std::string after = R"((?=[/\s"')]|$))";
  command = replaced(command, "(cmake .*-B) build" + after, "$1 " + (temporary_ / "build").string());

  // A program of ours that is not given a port would take the reader's; ./tutorial would use his folders.
  const std::string program = R"((^|\s)(\./)?build/part[^/\s]*/(server|client\w*|steps/\w+)(?![\w/.-]))";
  command = replaced(command, program + "(?![^|;&]*--port)", "$& --port 1234");
  command = replaced(command, R"(^\./tutorial\b)",
                     "$& --build-dir " + build_.string() + " --my-dir " + my_.string());

  command = replaced(command, before + "(\\./)?build/", "$01" + build_.string() + '/');
  command = replaced(command, "(--build|--test-dir|-C) build" + after, "$01 " + build_.string());
  command = replaced(command, before + "my" + after, "$01" + my_.string());
  return in_input(command);
}

std::string StandIns::in_input(std::string text) const {
  return replaced_number(replaced_number(std::move(text), "1234", digits(port_)), "1235",
                         digits(second_port_));
}

std::string StandIns::in_output(std::string text) const {
  text = replaced_number(std::move(text), digits(port_), "1234");
  text = replaced_number(std::move(text), digits(second_port_), "1235");
  text = replaced_path(std::move(text), build_.string(), "build");
  return replaced_path(std::move(text), my_.string(), "my");
}
