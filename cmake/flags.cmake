# Compiler and linker settings that every room shares. Target: GCC 12 (clang 14 works too) on Debian 12.
add_compile_options(-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -fno-omit-frame-pointer)
add_compile_definitions(NDEBUG)  # foreign headers only; our own checks are SLUICE_CHECK and SLUICE_DCHECK
if(SLUICE_FAILPOINTS)
  add_compile_definitions(SLUICE_FAILPOINTS=1)
endif()
if(SLUICE_SANITIZE)
  add_compile_options(-fsanitize=${SLUICE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SLUICE_SANITIZE})
  add_compile_definitions(SLUICE_DCHECKS=1)
endif()

find_program(SLUICE_MOLD mold)
find_program(SLUICE_LLD ld.lld NAMES ld.lld ld.lld-14)
if(SLUICE_MOLD)
  add_link_options(-fuse-ld=mold)
elseif(SLUICE_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=lld)
endif()

find_program(SLUICE_CCACHE ccache)
if(SLUICE_CCACHE)
  # Precompiled headers need -fpch-preprocess and a little sloppiness to be cacheable.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
    CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${SLUICE_CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  endif()
endif()
