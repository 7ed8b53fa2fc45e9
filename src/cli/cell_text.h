#pragma once

#include <string>

#include <arrow/type_fwd.h>

namespace sluice::cli {

/// One value of an Arrow array as people read it: decimals and integers exactly, floating
/// point in the shortest digits that read back the same, dates and times in ISO form,
/// instants with +00, binary as \x.., nested values as [..] and {..}. "" for null
/// (callers mark it).
std::string CellText(const arrow::Array& array, int64_t row);

/// The same value as JSON text: numbers bare, NaN and infinities as strings, binary as
/// hexadecimal, nested values as arrays and objects, null.
std::string CellJson(const arrow::Array& array, int64_t row);

}  // namespace sluice::cli
