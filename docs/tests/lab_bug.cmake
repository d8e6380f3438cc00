# Puts a bug of the lab into copies of the files that its patch names: FOLDER has them by their paths in ROOT.
#   cmake -D PAGE=FILE -D ROOT=FOLDER -D FOLDER=FOLDER -P lab_bug.cmake
# A patch that does not fit any more leaves them as they are, and its message in FOLDER/rejected: it fails a test,
# and not the build.
file(GLOB of_an_older_patch "${FOLDER}/common" "${FOLDER}/part*")
file(REMOVE_RECURSE ${of_an_older_patch})
file(READ "${PAGE}" page)
string(REGEX REPLACE ".*\n```diff\n(.*\n)```.*" "\\1" patch "${page}")
file(WRITE "${FOLDER}/patch" "${patch}")
file(STRINGS "${FOLDER}/patch" files REGEX "^\\+\\+\\+ b/")
list(TRANSFORM files REPLACE "^\\+\\+\\+ b/" "")
foreach(file IN LISTS files)
  configure_file("${ROOT}/${file}" "${FOLDER}/${file}" COPYONLY)
  file(TOUCH "${FOLDER}/${file}")
endforeach()

# In a folder of a git repository, git would look for the files at its top.
cmake_path(GET FOLDER PARENT_PATH ceiling)
set(ENV{GIT_CEILING_DIRECTORIES} "${ceiling}")
execute_process(COMMAND git apply patch WORKING_DIRECTORY "${FOLDER}" ERROR_FILE "${FOLDER}/rejected")
