#include "types/iceberg.h"

#include <fmt/format.h>

namespace sluice::types {
namespace {

bool SameType(const std::shared_ptr<const Type>& left,
              const std::shared_ptr<const Type>& right) {
  return left == right || (left && right && *left == *right);
}

std::string PrimitiveText(const Primitive& type) {
  switch (type.kind) {
    case PrimitiveKind::kBoolean:
      return "boolean";
    case PrimitiveKind::kInt:
      return "int";
    case PrimitiveKind::kLong:
      return "long";
    case PrimitiveKind::kFloat:
      return "float";
    case PrimitiveKind::kDouble:
      return "double";
    case PrimitiveKind::kDate:
      return "date";
    case PrimitiveKind::kTime:
      return "time";
    case PrimitiveKind::kTimestamp:
      return "timestamp";
    case PrimitiveKind::kTimestamptz:
      return "timestamptz";
    case PrimitiveKind::kString:
      return "string";
    case PrimitiveKind::kUuid:
      return "uuid";
    case PrimitiveKind::kFixed:
      return fmt::format("fixed[{}]", type.length);
    case PrimitiveKind::kBinary:
      return "binary";
    case PrimitiveKind::kDecimal:
      return fmt::format("decimal({}, {})", type.precision, type.scale);
  }
  return "unknown";
}

struct TextOf {
  std::string operator()(const Primitive& type) const { return PrimitiveText(type); }
  std::string operator()(const StructType& type) const {
    std::string text = "struct<";
    for (const Field& field : type.fields) {
      if (text.back() != '<') text += ", ";
      text += field.name + ": " + TypeText(*field.type);
    }
    return text + ">";
  }
  std::string operator()(const ListType& type) const {
    return "list<" + TypeText(*type.element) + ">";
  }
  std::string operator()(const MapType& type) const {
    return "map<" + TypeText(*type.key) + ", " + TypeText(*type.value) + ">";
  }
};

}  // namespace

bool Field::operator==(const Field& other) const {
  return id == other.id && name == other.name && required == other.required &&
         doc == other.doc && SameType(type, other.type);
}

bool ListType::operator==(const ListType& other) const {
  return element_id == other.element_id && element_required == other.element_required &&
         SameType(element, other.element);
}

bool MapType::operator==(const MapType& other) const {
  return key_id == other.key_id && value_id == other.value_id &&
         value_required == other.value_required && SameType(key, other.key) &&
         SameType(value, other.value);
}

std::string TypeText(const Type& type) { return std::visit(TextOf{}, type.value); }

bool CanPromote(const Primitive& from, const Primitive& to) {
  if (from == to) return true;
  if (from.kind == PrimitiveKind::kInt) return to.kind == PrimitiveKind::kLong;
  if (from.kind == PrimitiveKind::kFloat) return to.kind == PrimitiveKind::kDouble;
  return from.kind == PrimitiveKind::kDecimal && to.kind == PrimitiveKind::kDecimal &&
         from.scale == to.scale && from.precision <= to.precision;
}

}  // namespace sluice::types
