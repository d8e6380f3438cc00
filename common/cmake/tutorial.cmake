# What the whole tutorial and each part built alone share: the least versions, the compiler's options, the
# packages, and how a part is put together. Included once, after project().
include_guard(GLOBAL)

set(tutorial_least_GNU 12)
set(tutorial_least_Clang 14)
set(tutorial_least_AppleClang 15)
set(tutorial_least_fmt 9)
set(tutorial_least_GTest 1.12)

if(CMAKE_SYSTEM_NAME STREQUAL "Windows")
  message(FATAL_ERROR "Native Windows has other socket calls than this tutorial teaches: use WSL2 (docs/README.md).")
endif()
set(tutorial_least "${tutorial_least_${CMAKE_CXX_COMPILER_ID}}")
if(tutorial_least AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS tutorial_least)
  message(FATAL_ERROR "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} is too old: "
                      "${tutorial_least} or newer is needed (docs/README.md).")
endif()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug, Release or RelWithDebInfo" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# A part built alone is its lesson only: server, client, and what they share.
string(COMPARE EQUAL "${CMAKE_PROJECT_NAME}" socket_tutorial whole)
option(BUILD_TESTING "Builds the workshop too: tests, checks, and the check of the pages" ${whole})
include(CTest)
include(GoogleTest)

# Finds a package on the system, else fetches its source: tutorial_package(fmt fmt::fmt REPOSITORY COMMIT)
function(tutorial_package name target repository commit)
  find_package(${name} ${tutorial_least_${name}} QUIET GLOBAL)
  if(NOT TARGET ${target})
    message(STATUS "No ${name} ${tutorial_least_${name}} or newer on this system (docs/README.md names its package): "
                   "fetching ${commit} from ${repository}")
    include(FetchContent)
    set(INSTALL_GTEST OFF)
    set(BUILD_GMOCK OFF)
    set(CMAKE_COMPILE_WARNING_AS_ERROR OFF)  # a newer compiler may warn of it
    FetchContent_Declare(${name} GIT_REPOSITORY ${repository} GIT_TAG ${commit} SYSTEM)
    FetchContent_MakeAvailable(${name})
  endif()
endfunction()

# The programs of a part and a target that builds them all: tutorial_part(part1 server client). Every part
# has a `server`, so the targets are part1_server, ..., and the files part1_basic/server, ...
function(tutorial_part part)
  add_custom_target(${part})
  foreach(program IN LISTS ARGN)
    add_executable(${part}_${program} ${program}.cpp)
    target_link_libraries(${part}_${program} PRIVATE common)
    set_target_properties(${part}_${program} PROPERTIES OUTPUT_NAME ${program})
    add_dependencies(${part} ${part}_${program})
  endforeach()
endfunction()

# Compiles a target of the workshop without optimizing, in less than half the time: it waits more than it computes. Of
# what a debugger reads there are the line numbers.
function(tutorial_workshop target)
  target_compile_options(${target} PRIVATE -O0 -g1)
  if(NOT BUILD_TESTING)  # then only what is asked for is built
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endfunction()

# The tests of a folder in one program, each of which ctest runs by itself: tutorial_tests(part1 tests/part1_test.cpp).
# The label is the target that builds the programs under test, which lie in the folder PROGRAMS; `ctest -L part1` runs
# them. SOURCES is the folder itself.
function(tutorial_tests label)
  if(BUILD_TESTING)
    add_executable(${label}_test ${ARGN})
    tutorial_workshop(${label}_test)
    target_link_libraries(${label}_test PRIVATE common_testing GTest::gtest_main)
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_DEFINITIONS
      "PROGRAMS=\"${CMAKE_CURRENT_BINARY_DIR}/\";SOURCES=\"${CMAKE_CURRENT_SOURCE_DIR}/\"")
    add_dependencies(${label}_test ${label})
    gtest_discover_tests(${label}_test TEST_PREFIX ${label}. NO_PRETTY_VALUES DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120
                         PROPERTIES LABELS ${label} TIMEOUT 300)
    tutorial_precompile(${label}_test)
  endif()
endfunction()

# The headers that take longest to read are read once for all tests.
function(tutorial_precompile target)
  # TSan has an operator new of its own, so common_test, which counts with one, is not built with it.
  if(target STREQUAL "common_test" OR NOT TARGET common_test OR CMAKE_CXX_FLAGS MATCHES "fsanitize=thread")
    target_precompile_headers(${target} PRIVATE <fmt/format.h> <gtest/gtest.h> <chrono> <functional> <map> <regex>)
  else()
    target_precompile_headers(${target} REUSE_FROM common_test)
  endif()
endfunction()

option(TUTORIAL_FUZZERS "Builds the fuzzers, which need clang" OFF)
set(TUTORIAL_FUZZ_SECONDS 30 CACHE STRING "How long ctest runs each of them")

# A target for clang's libFuzzer, tests/NAME_fuzz.cpp, and the sources that it tests: tutorial_fuzzer(message message.cpp).
# It starts from the inputs in tests/NAME_corpus. The target `fuzzers` builds them all, `ctest -L fuzz` runs them.
function(tutorial_fuzzer name)
  if(TUTORIAL_FUZZERS)
    add_executable(${name}_fuzz tests/${name}_fuzz.cpp ${ARGN})
    target_link_libraries(${name}_fuzz PRIVATE common)
    target_compile_options(${name}_fuzz PRIVATE -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all)
    target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer,address,undefined)
    if(NOT TARGET fuzzers)
      add_custom_target(fuzzers)
    endif()
    add_dependencies(fuzzers ${name}_fuzz)

    # libFuzzer puts what it finds into the first folder. Its inputs are of kilobytes: whoever takes 100 MB for one
    # has believed a length that was only claimed.
    file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/${name}_found")
    add_test(NAME ${name}_fuzz COMMAND ${name}_fuzz -max_total_time=${TUTORIAL_FUZZ_SECONDS} -rss_limit_mb=1024
                                       -malloc_limit_mb=100 ${name}_found "${CMAKE_CURRENT_SOURCE_DIR}/tests/${name}_corpus")
    math(EXPR timeout "${TUTORIAL_FUZZ_SECONDS} + 90")
    set_tests_properties(${name}_fuzz PROPERTIES LABELS fuzz TIMEOUT ${timeout})
  endif()
endfunction()

# The check of a part, through which a student's programs are run: tutorial_check(part1)
function(tutorial_check part)
  add_executable(${part}_check check/check.cpp)
  tutorial_workshop(${part}_check)
  target_link_libraries(${part}_check PRIVATE common_check)
  set_target_properties(${part}_check PROPERTIES OUTPUT_NAME check)
endfunction()

# A test that the check finds a program of the part itself right: tutorial_check_passes(part1 server [OPTION...])
function(tutorial_check_passes part program)
  if(BUILD_TESTING)
    string(REGEX REPLACE "_.*" "" side ${program})
    string(REGEX REPLACE "[^a-z0-9.]+" "_" name "${program}${ARGN}")
    string(JOIN " " command "'$<TARGET_FILE:${part}_${program}>'" --host {host} --port {port} ${ARGN})
    add_test(NAME "${part}.check.${name}" COMMAND ${part}_check --${side} ${command})
    set_tests_properties("${part}.check.${name}" PROPERTIES LABELS ${part} TIMEOUT 300)
  endif()
endfunction()

add_subdirectory("${CMAKE_CURRENT_LIST_DIR}/.." common)
