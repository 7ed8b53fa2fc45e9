# Sluice::arrow, Sluice::arrow_compute, Sluice::parquet out of the pinned prefix SLUICE_DEPS/arrow (headers and libX.so.<abi>).
# The prefix holds a wheel's libraries, repaired by tools/deps.sh; its ABI number is read from Arrow's own config header.
set(_arrow "${SLUICE_DEPS}/arrow")
if(NOT EXISTS "${_arrow}/include/arrow/util/config.h")
  message(FATAL_ERROR "Arrow is not in ${_arrow}: run tools/deps.sh (or 'make deps')")
endif()
file(STRINGS "${_arrow}/include/arrow/util/config.h" _so REGEX "define ARROW_SO_VERSION")
string(REGEX REPLACE ".*\"([0-9]+)\".*" "\\1" _arrow_so "${_so}")
function(_sluice_arrow name)
  add_library(Sluice::${name} SHARED IMPORTED GLOBAL)
  set_target_properties(Sluice::${name} PROPERTIES
    IMPORTED_LOCATION "${_arrow}/lib${name}.so.${_arrow_so}" IMPORTED_SONAME "lib${name}.so.${_arrow_so}"
    INTERFACE_INCLUDE_DIRECTORIES "${_arrow}/include" INTERFACE_LINK_LIBRARIES "${ARGN}")
endfunction()
_sluice_arrow(arrow)
_sluice_arrow(arrow_compute Sluice::arrow)
_sluice_arrow(parquet Sluice::arrow)
message(STATUS "Arrow: ABI ${_arrow_so}")
