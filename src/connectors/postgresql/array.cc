#include <arrow/api.h>

#include "connectors/postgresql/bytes_internal.h"
#include "connectors/postgresql/decode_internal.h"

namespace sluice::connectors::postgresql {
namespace {

Status Broken() {
  return Error(ErrorKind::kCorrupt, "the server sent an array that ends too early");
}

}  // namespace

Status AppendArray(const ColumnPlan& plan, std::string_view bytes,
                   arrow::ArrayBuilder* builder, int64_t* num_odd, const char** odd) {
  auto& list = static_cast<arrow::ListBuilder&>(*builder);
  if (bytes.size() < 12) return Broken();
  const uint32_t dimensions = Load32(bytes.data());
  if (dimensions == 0) return list.Append();
  if (dimensions > 1) {
    *odd = "an array of more than one dimension";
    return Status::OK();
  }
  if (bytes.size() < 20) return Broken();
  const uint32_t count = Load32(bytes.data() + 12);
  if (Load32(bytes.data() + 16) != 1) {
    *odd = "an array that does not begin at 1";
    return Status::OK();
  }
  SLUICE_TRY(list.Append());
  arrow::ArrayBuilder* elements = list.value_builder();
  size_t at = 20;
  for (uint32_t i = 0; i < count; ++i) {
    if (bytes.size() - at < 4) return Broken();
    const auto size = static_cast<int32_t>(Load32(bytes.data() + at));
    at += 4;
    if (size < 0) {
      SLUICE_TRY(elements->AppendNull());
      continue;
    }
    if (bytes.size() - at < static_cast<size_t>(size)) return Broken();
    const char* odd_element = nullptr;
    SLUICE_TRY(AppendValue(plan.element, plan,
                           bytes.substr(at, static_cast<size_t>(size)), elements,
                           &odd_element));
    at += static_cast<size_t>(size);
    if (odd_element == nullptr) continue;
    if (plan.policy != connect::OddValuePolicy::kNull) {
      *odd = odd_element;
      return Status::OK();
    }
    ++*num_odd;
    SLUICE_TRY(elements->AppendNull());
  }
  return Status::OK();
}

}  // namespace sluice::connectors::postgresql
