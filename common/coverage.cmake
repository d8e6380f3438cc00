# The target `coverage`: runs the tests of the programs, and tells how many lines and branches of each file they
# have run. Counters of clang in continuous mode, which are in a file from the start on: the tests end servers by
# a signal, which leaves a program no time to write them. https://clang.llvm.org/docs/SourceBasedCodeCoverage.html
set(programs "")
foreach(folder common part1_basic part2_header part3_objects part4_chatroom)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "EXECUTABLE")
      list(APPEND programs ${target})
    endif()
  endforeach()
endforeach()
list(TRANSFORM programs REPLACE "(.+)" "--object=$<TARGET_FILE:\\1>" OUTPUT_VARIABLE objects)

set(counters "${PROJECT_BINARY_DIR}/counters")
add_custom_target(coverage
  COMMAND ${CMAKE_COMMAND} -E rm -rf "${counters}"
  COMMAND ${CMAKE_COMMAND} -E env "LLVM_PROFILE_FILE=${counters}/%m%c" ${CMAKE_CTEST_COMMAND}
          --label-regex "^(common|part[1-4])$" --output-on-failure --parallel 2
  COMMAND llvm-profdata merge --output "${PROJECT_BINARY_DIR}/coverage.profdata" "${counters}"
  COMMAND llvm-cov report "--instr-profile=${PROJECT_BINARY_DIR}/coverage.profdata" ${objects}
          "--ignore-filename-regex=(_test\\.cpp|[/_]testing\\.hpp)$" --show-region-summary=false
  COMMAND llvm-cov show "--instr-profile=${PROJECT_BINARY_DIR}/coverage.profdata" ${objects}
          "--ignore-filename-regex=(_test\\.cpp|[/_]testing\\.hpp)$" --format=html --show-branches=count
          "--output-dir=${PROJECT_BINARY_DIR}/coverage"
  USES_TERMINAL VERBATIM)
add_dependencies(coverage ${programs})
