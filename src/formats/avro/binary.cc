#include "formats/avro/binary.h"

#include <cstring>
#include <limits>

#include <fmt/format.h>

namespace sluice::formats::avro {
namespace {

Status WrongDatum(const Schema& schema) {
  return Error(ErrorKind::kInternal,
               fmt::format("value is not of its Avro type; kind {} {}",
                           static_cast<int>(schema.kind), schema.name));
}

template <typename T>
Status AppendRaw(const Schema& schema, const Datum& datum, std::string* out) {
  const T* number = std::get_if<T>(&datum.value);
  if (!number) return WrongDatum(schema);
  out->append(reinterpret_cast<const char*>(number), sizeof(T));
  return Status::OK();
}

Status EncodeText(const Schema& schema, const Datum& datum, std::string* out) {
  const auto* text = std::get_if<std::string>(&datum.value);
  if (!text) return WrongDatum(schema);
  if (schema.kind == Kind::kFixed) {
    if (text->size() != static_cast<size_t>(schema.size)) return WrongDatum(schema);
  } else if (schema.kind == Kind::kEnum) {
    for (size_t i = 0; i < schema.symbols.size(); ++i) {
      if (schema.symbols[i] != *text) continue;
      EncodeLong(static_cast<int64_t>(i), out);
      return Status::OK();
    }
    return WrongDatum(schema);
  } else {
    EncodeLong(static_cast<int64_t>(text->size()), out);
  }
  *out += *text;
  return Status::OK();
}

Status EncodeParts(const Schema& schema, const Datum& datum, std::string* out) {
  static const Schema kKey{.kind = Kind::kString};
  const auto* parts = std::get_if<Datums>(&datum.value);
  if (!parts) return WrongDatum(schema);
  if (schema.kind == Kind::kRecord) {
    if (parts->size() != schema.fields.size()) return WrongDatum(schema);
    for (size_t i = 0; i < parts->size(); ++i) {
      SLUICE_TRY(Encode(*schema.fields[i].type, (*parts)[i], out));
    }
    return Status::OK();
  }
  if (!parts->empty()) EncodeLong(static_cast<int64_t>(parts->size()), out);
  for (const Datum& part : *parts) {
    if (schema.kind == Kind::kArray) {
      SLUICE_TRY(Encode(*schema.parts[0], part, out));
      continue;
    }
    const auto* pair = std::get_if<Datums>(&part.value);
    if (!pair || pair->size() != 2) return WrongDatum(schema);
    SLUICE_TRY(Encode(kKey, (*pair)[0], out));
    SLUICE_TRY(Encode(*schema.parts[0], (*pair)[1], out));
  }
  EncodeLong(0, out);
  return Status::OK();
}

Status EncodeUnion(const Schema& schema, const Datum& datum, std::string* out) {
  for (size_t i = 0; i < schema.parts.size(); ++i) {
    if ((schema.parts[i]->kind == Kind::kNull) != datum.is_null()) continue;
    EncodeLong(static_cast<int64_t>(i), out);
    return Encode(*schema.parts[i], datum, out);
  }
  return WrongDatum(schema);
}

template <typename T>
Status ReadRaw(Decoder* decoder, Datum* out) {
  SLUICE_ASSIGN(std::string_view bytes, decoder->ReadFixed(sizeof(T)));
  T number;
  std::memcpy(&number, bytes.data(), sizeof(T));
  out->value = number;
  return Status::OK();
}

}  // namespace

void EncodeLong(int64_t value, std::string* out) {
  uint64_t rest = static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
  while (rest >= 0x80) {
    out->push_back(static_cast<char>(rest | 0x80));
    rest >>= 7;
  }
  out->push_back(static_cast<char>(rest));
}

Status Encode(const Schema& schema, const Datum& datum, std::string* out) {
  switch (schema.kind) {
    case Kind::kNull:
      return datum.is_null() ? Status::OK() : WrongDatum(schema);
    case Kind::kBoolean: {
      const bool* flag = std::get_if<bool>(&datum.value);
      if (!flag) return WrongDatum(schema);
      out->push_back(*flag ? '\1' : '\0');
      return Status::OK();
    }
    case Kind::kInt:
    case Kind::kLong: {
      const int64_t* number = std::get_if<int64_t>(&datum.value);
      if (!number) return WrongDatum(schema);
      EncodeLong(*number, out);
      return Status::OK();
    }
    case Kind::kFloat:
      return AppendRaw<float>(schema, datum, out);
    case Kind::kDouble:
      return AppendRaw<double>(schema, datum, out);
    case Kind::kBytes:
    case Kind::kString:
    case Kind::kFixed:
    case Kind::kEnum:
      return EncodeText(schema, datum, out);
    case Kind::kRecord:
    case Kind::kArray:
    case Kind::kMap:
      return EncodeParts(schema, datum, out);
    case Kind::kUnion:
      return EncodeUnion(schema, datum, out);
  }
  return WrongDatum(schema);
}

Status Decoder::Corrupt(std::string_view what) const {
  return Error(ErrorKind::kCorrupt,
               fmt::format("Avro bytes are damaged: {} at byte {}", what,
                           first_offset_ + position_),
               {{"offset", std::to_string(first_offset_ + position_)}});
}

Result<int64_t> Decoder::ReadLong() {
  uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (at_end()) return Corrupt("number is cut off");
    auto byte = static_cast<uint8_t>(bytes_[position_]);
    if (shift == 63 && byte > 1) break;
    ++position_;
    value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return static_cast<int64_t>(value >> 1 ^ (~(value & 1) + 1));
  }
  return Corrupt("number is longer than 64 bits");
}

Result<std::string_view> Decoder::ReadFixed(size_t size) {
  if (size > remaining()) return Corrupt("value is longer than what is left");
  std::string_view bytes = bytes_.substr(position_, size);
  position_ += size;
  return bytes;
}

Result<std::string_view> Decoder::ReadBytes() {
  SLUICE_ASSIGN(int64_t size, ReadLong());
  if (size < 0) return Corrupt("length is negative");
  return ReadFixed(static_cast<size_t>(size));
}

Result<size_t> Decoder::ReadIndex(size_t count, std::string_view what) {
  SLUICE_ASSIGN(int64_t index, ReadLong());
  if (index < 0 || static_cast<uint64_t>(index) >= count) return Corrupt(what);
  return static_cast<size_t>(index);
}

Status Decoder::ReadBlocks(const Schema& schema, Datums* out) {
  static const Schema kKey{.kind = Kind::kString};
  const Schema& item = *schema.parts[0];
  while (true) {
    SLUICE_ASSIGN(int64_t count, ReadLong());
    if (count == 0) return Status::OK();
    if (count < 0) {  // its size in bytes follows, for readers that skip
      if (count == std::numeric_limits<int64_t>::min()) {
        return Corrupt("count is too large");
      }
      count = -count;
      SLUICE_TRY(ReadLong());
    }
    // Items take at least a byte each; those that take none would make counts free.
    if (static_cast<uint64_t>(count) > remaining()) return Corrupt("count is too large");
    for (int64_t i = 0; i < count; ++i) {
      Datum& datum = out->emplace_back();
      if (schema.kind == Kind::kArray) {
        SLUICE_TRY(Read(item, &datum));
        continue;
      }
      Datums pair(2);
      SLUICE_TRY(Read(kKey, &pair[0]));
      SLUICE_TRY(Read(item, &pair[1]));
      datum.value = std::move(pair);
    }
  }
}

Status Decoder::Read(const Schema& schema, Datum* out) {
  switch (schema.kind) {
    case Kind::kNull:
      out->value = std::monostate();
      return Status::OK();
    case Kind::kBoolean: {
      SLUICE_ASSIGN(std::string_view byte, ReadFixed(1));
      if (byte[0] != 0 && byte[0] != 1) return Corrupt("boolean is neither 0 nor 1");
      out->value = byte[0] == 1;
      return Status::OK();
    }
    case Kind::kInt:
    case Kind::kLong: {
      SLUICE_ASSIGN(int64_t number, ReadLong());
      bool narrow = number == static_cast<int32_t>(number);
      if (schema.kind == Kind::kInt && !narrow) return Corrupt("int is too large");
      out->value = number;
      return Status::OK();
    }
    case Kind::kFloat:
      return ReadRaw<float>(this, out);
    case Kind::kDouble:
      return ReadRaw<double>(this, out);
    case Kind::kBytes:
    case Kind::kString: {
      SLUICE_ASSIGN(std::string_view bytes, ReadBytes());
      out->value = std::string(bytes);
      return Status::OK();
    }
    case Kind::kFixed: {
      SLUICE_ASSIGN(std::string_view bytes, ReadFixed(static_cast<size_t>(schema.size)));
      out->value = std::string(bytes);
      return Status::OK();
    }
    case Kind::kEnum: {
      SLUICE_ASSIGN(size_t index,
                    ReadIndex(schema.symbols.size(), "no such enum symbol"));
      out->value = schema.symbols[index];
      return Status::OK();
    }
    case Kind::kUnion: {
      SLUICE_ASSIGN(size_t index, ReadIndex(schema.parts.size(), "no such union branch"));
      return Read(*schema.parts[index], out);
    }
    case Kind::kRecord: {
      Datums fields(schema.fields.size());
      for (size_t i = 0; i < fields.size(); ++i) {
        SLUICE_TRY(Read(*schema.fields[i].type, &fields[i]));
      }
      out->value = std::move(fields);
      return Status::OK();
    }
    case Kind::kArray:
    case Kind::kMap: {
      Datums items;
      SLUICE_TRY(ReadBlocks(schema, &items));
      out->value = std::move(items);
      return Status::OK();
    }
  }
  return Corrupt("unknown type");
}

}  // namespace sluice::formats::avro
