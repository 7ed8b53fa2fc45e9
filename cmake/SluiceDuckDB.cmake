# Sluice::duckdb out of SLUICE_DEPS/duckdb. Its C++ interface is exact-version: the prefix carries library and headers of one release.
set(_duckdb "${SLUICE_DEPS}/duckdb")
if(NOT EXISTS "${_duckdb}/VERSION")
  message(FATAL_ERROR "DuckDB is not in ${_duckdb}: run tools/deps.sh (or 'make deps')")
endif()
file(STRINGS "${_duckdb}/VERSION" _duckdb_version)
if(NOT _duckdb_version STREQUAL "1.5.6")
  message(FATAL_ERROR "room sql is written for DuckDB 1.5.6, ${_duckdb} holds ${_duckdb_version}")
endif()
add_library(Sluice::duckdb SHARED IMPORTED GLOBAL)
set_target_properties(Sluice::duckdb PROPERTIES
  IMPORTED_LOCATION "${_duckdb}/lib/libduckdb.so" IMPORTED_SONAME libduckdb.so
  INTERFACE_INCLUDE_DIRECTORIES "${_duckdb}/include")
message(STATUS "DuckDB: ${_duckdb_version}")
