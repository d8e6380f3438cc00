# The target `coverage`: runs all tests but the lab's, which build programs of their own, then the soak and the
# benchmark, and reports how many lines and branches of each file have been run. The counters are clang's in continuous
# mode, which are in a file from the start: the tests end servers by signals, which leave no time to write them.
# https://clang.llvm.org/docs/SourceBasedCodeCoverage.html
set(programs "")
foreach(folder common part1_basic part2_header part3_objects part4_chatroom docs/check docs/tests)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "EXECUTABLE")
      list(APPEND programs ${target})
    endif()
  endforeach()
endforeach()

# The pages compile with `c++`, and only clang's knows the options of the libraries here and links their counters.
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/compiler")
file(CREATE_LINK "${CMAKE_CXX_COMPILER}" "${PROJECT_BINARY_DIR}/compiler/c++" SYMBOLIC)

set(counters "${PROJECT_BINARY_DIR}/counters")
set(counting ${CMAKE_COMMAND} -E env "LLVM_PROFILE_FILE=${counters}/%m%c" "PATH=${PROJECT_BINARY_DIR}/compiler:$ENV{PATH}")
list(TRANSFORM programs REPLACE "(.+)" "--object=$<TARGET_FILE:\\1>" OUTPUT_VARIABLE of_programs)
list(APPEND of_programs "--instr-profile=${counters}.profdata" "--ignore-filename-regex=(_test\\.cpp|/testing\\.hpp)$")

add_custom_target(coverage
  COMMAND ${CMAKE_COMMAND} -E rm -rf "${counters}"
  COMMAND ${counting} ${CMAKE_CTEST_COMMAND} --label-exclude lab --output-on-failure --parallel 2
  COMMAND ${counting} $<TARGET_FILE:soak> --port 0 --seconds 5
  COMMAND ${counting} $<TARGET_FILE:bench> --port 0 --clients 50 --rounds 1
  COMMAND llvm-profdata merge "--output=${counters}.profdata" "${counters}"
  COMMAND llvm-cov show ${of_programs} --format=html --show-branches=count "--output-dir=${PROJECT_BINARY_DIR}/coverage"
  COMMAND llvm-cov report ${of_programs} --show-functions=false --show-region-summary=false
  USES_TERMINAL VERBATIM)
add_dependencies(coverage ${programs})
