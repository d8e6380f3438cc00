# Writes TO, which is FROM with the changes of DIFF: cmake -D FROM=FILE -D DIFF=FILE -D TO=FILE -P patched.cmake
# If patch(1) is missing, or they do not fit any more, it is a program that ends at once: that fails tests, and not
# the build.
execute_process(COMMAND patch -s -f -o "${TO}" "${FROM}" "${DIFF}" RESULT_VARIABLE failed)
if(failed)
  file(WRITE "${TO}" "#include <cstdio>\nint main() {\n  std::puts(\"could not be made: ${DIFF}\");\n  return 1;\n}\n")
endif()
