#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "formats/avro/binary.h"
#include "table/value.h"

namespace sluice::table {

/// A record that was read, asked for its fields by id (by name only where the writer left
/// all ids out). Getters fail with kCorrupt naming the field. Borrows schema and record.
class AvroRecord final {
 public:
  /// Fails with kCorrupt where `datum` is not a record.
  static Result<AvroRecord> Make(const formats::avro::Schema& schema,
                                 const formats::avro::Datum& datum);

  struct Column {
    const formats::avro::Schema* schema = nullptr;  ///< of the value, unions resolved
    const formats::avro::Datum* datum = nullptr;
  };
  /// Nothing when the field is absent or null.
  std::optional<Column> Find(int id, std::string_view name) const;

  Result<int64_t> GetLong(int id, std::string_view name) const;
  Result<std::string> GetBytes(int id, std::string_view name) const;
  Result<AvroRecord> GetRecord(int id, std::string_view name) const;
  Result<std::optional<int64_t>> FindLong(int id, std::string_view name) const;
  Result<std::optional<bool>> FindBool(int id, std::string_view name) const;
  Result<std::optional<std::string>> FindBytes(int id, std::string_view name) const;
  /// The items of an array, or null when it is absent; `*item` is their schema.
  Result<const formats::avro::Datums*> FindArray(
      int id, std::string_view name, const formats::avro::Schema** item) const;

 private:
  AvroRecord(const formats::avro::Schema& schema, const formats::avro::Datums& fields);

  const formats::avro::Schema* schema_;
  const formats::avro::Datums* fields_;
  bool has_ids_ = false;
};

/// One partition value. Fails with kCorrupt / kInternal where it is not of `type`.
Result<Value> ValueFromDatum(const types::Primitive& type,
                             const formats::avro::Datum& datum);
Result<formats::avro::Datum> DatumFromValue(const types::Primitive& type,
                                            const formats::avro::Schema& avro_type,
                                            const Value& value);

}  // namespace sluice::table
