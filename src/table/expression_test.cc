#include "table/expression.h"

#include <cmath>
#include <limits>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "table/manifest_schema_internal.h"
#include "table/value_internal.h"

namespace sluice::table {
namespace {

using Op = Predicate::Op;
using types::Primitive;
using types::PrimitiveKind;

constexpr Op kOps[] = {Op::kEq, Op::kNe, Op::kLt,     Op::kLe,     Op::kGt,
                       Op::kGe, Op::kIn, Op::kIsNull, Op::kNotNull};

Schema Columns() {
  return Schema::FromArrow(
             *arrow::schema(
                 {arrow::field("i", arrow::int32()), arrow::field("l", arrow::int64()),
                  arrow::field("d", arrow::float64()), arrow::field("s", arrow::utf8()),
                  arrow::field("n", arrow::decimal128(20, 2)),
                  arrow::field("day", arrow::date32()),
                  arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO)),
                  arrow::field("b", arrow::boolean())}))
      .ValueOrDie();
}

const Primitive& TypeOf(const Schema& schema, int id) {
  return std::get<Primitive>(schema.FindById(id)->type->value);
}

// Few distinct values, the ends of the range among them, so that predicates often match.
Value RandomValue(const Primitive& type, Random& random) {
  int64_t pick = random.Between(0, 9);
  if (pick == 0) return Value();
  switch (type.kind) {
    case PrimitiveKind::kInt:
      if (pick == 1) return std::numeric_limits<int32_t>::min();
      if (pick == 2) return std::numeric_limits<int32_t>::max();
      return static_cast<int32_t>(random.Between(-20, 20));
    case PrimitiveKind::kLong:
      if (pick == 1) return std::numeric_limits<int64_t>::min();
      if (pick == 2) return std::numeric_limits<int64_t>::max();
      return random.Between(-20, 20);
    case PrimitiveKind::kDouble: {
      const double kSpecial[] = {std::nan(""), 0.0, -0.0, INFINITY, -INFINITY};
      if (pick <= 5) return kSpecial[pick - 1];
      return static_cast<double>(random.Between(-8, 8)) / 4;
    }
    case PrimitiveKind::kString: {
      const char* const kParts[] = {"a", "b", "\xc3\xa9", "\xf4\x8f\xbf\xbf",
                                    "\xed\x9f\xbf"};
      std::string text;
      for (int64_t i = random.Between(0, 20); i > 0; --i) {
        text += kParts[random.Between(0, pick < 4 ? 4 : 0)];
      }
      return text;
    }
    case PrimitiveKind::kDecimal:
      return arrow::Decimal128(random.Between(-300, 300));
    case PrimitiveKind::kDate:
      return static_cast<int32_t>(random.Between(-800, 800));
    case PrimitiveKind::kTimestamp:
      if (pick == 1) return std::numeric_limits<int64_t>::min();
      if (pick == 2) return std::numeric_limits<int64_t>::max();
      return random.Between(-800, 800) * 7'200'000'000 + random.Between(-1, 1);
    default:
      return pick % 2 == 0;
  }
}

// SQL's answer, in which NaN equals itself and is above all numbers (as DuckDB has it).
bool Matches(const Predicate& predicate, const Value& value) {
  if (predicate.op == Op::kIsNull) return IsNull(value);
  if (IsNull(value)) return false;
  if (predicate.op == Op::kNotNull) return true;
  auto order = [&](const Value& literal) {
    auto l = FloatNumber(value), r = FloatNumber(literal);
    if (!l || !r) return CompareValues(value, literal);
    if (std::isnan(*l) || std::isnan(*r)) return std::isnan(*l) - std::isnan(*r);
    return *l < *r ? -1 : *l > *r ? 1 : 0;
  };
  const auto& literals = predicate.values;
  switch (predicate.op) {
    case Op::kIn:
      return std::any_of(literals.begin(), literals.end(), [&](const Value& literal) {
        return !IsNull(literal) && order(literal) == 0;
      });
    case Op::kEq:
      return !IsNull(literals[0]) && order(literals[0]) == 0;
    case Op::kNe:
      return !IsNull(literals[0]) && order(literals[0]) != 0;
    case Op::kLt:
      return !IsNull(literals[0]) && order(literals[0]) < 0;
    case Op::kLe:
      return !IsNull(literals[0]) && order(literals[0]) <= 0;
    case Op::kGt:
      return !IsNull(literals[0]) && order(literals[0]) > 0;
    default:
      return !IsNull(literals[0]) && order(literals[0]) >= 0;
  }
}

using Row = std::vector<Value>;

// Describes the rows of one partition as a writer would, leaving parts out at random.
DataFile Describe(const Schema& schema, const std::vector<Row>& rows, Random& random) {
  DataFile file;
  file.path = "f";
  file.record_count = static_cast<int64_t>(rows.size());
  std::vector<ColumnExtent> extents;
  for (const types::Field& field : schema.columns.fields) {
    int64_t nulls = 0, nans = 0;
    ColumnExtent extent{.field_id = field.id, .type = TypeOf(schema, field.id)};
    for (const Row& row : rows) {
      const Value& value = row[static_cast<size_t>(field.id - 1)];
      if (IsNull(value)) ++nulls;
      if (IsNan(value)) ++nans;
      if (IsNull(value) || IsNan(value)) continue;
      if (IsNull(extent.min) || CompareValues(value, extent.min) < 0) extent.min = value;
      if (IsNull(extent.max) || CompareValues(value, extent.max) > 0) extent.max = value;
    }
    if (random.Between(0, 4) > 0) extents.push_back(extent);
    if (random.Between(0, 4) > 0) file.null_counts[field.id] = nulls;
    if (random.Between(0, 4) > 0) file.value_counts[field.id] = file.record_count;
    if (random.Between(0, 4) > 0) file.nan_counts[field.id] = nans;
  }
  SetBounds(extents, &file);
  return file;
}

PartitionSpec RandomSpec(const Schema& schema, Random& random) {
  const char* const kSpecs[] = {
      "",           "i",          "truncate(5, l)", "bucket(3, s)",
      "day(at)",    "year(day)",  "hour(at), b",    "truncate(2, s)",
      "d",          "month(day)", "truncate(7, i)", "month(at), s",
      "n, year(at)"};
  return PartitionSpec::Parse(kSpecs[random.Between(0, 12)], schema).ValueOrDie();
}

// Rows that all fall into the partition of the first one.
std::vector<Row> RandomRows(const Schema& schema, const PartitionSpec& spec,
                            Random& random, std::vector<Value>* partition) {
  auto partition_of = [&](const Row& row) {
    std::vector<Value> values;
    for (const PartitionField& field : spec.fields) {
      values.push_back(
          field.transform.Apply(TypeOf(schema, field.source_id),
                                row[static_cast<size_t>(field.source_id - 1)]));
    }
    return values;
  };
  std::vector<Row> rows;
  for (int64_t tries = random.Between(1, 12); tries > 0; --tries) {
    Row row;
    for (const types::Field& field : schema.columns.fields) {
      row.push_back(RandomValue(TypeOf(schema, field.id), random));
    }
    // NaN is not equal to itself, so files of such a partition get one row here.
    if (!rows.empty() && partition_of(row) != *partition) continue;
    if (rows.empty()) *partition = partition_of(row);
    rows.push_back(std::move(row));
  }
  return rows;
}

Filter RandomFilter(const Schema& schema, Random& random) {
  Filter filter;
  for (int64_t count = random.Between(1, 2); count > 0; --count) {
    Predicate predicate;
    predicate.field_id = static_cast<int>(random.Between(1, 8));
    predicate.op = kOps[random.Between(0, 8)];
    if (predicate.op == Op::kIsNull || predicate.op == Op::kNotNull) {
      filter.push_back(predicate);
      continue;
    }
    int64_t literals = predicate.op == Op::kIn ? random.Between(1, 3) : 1;
    for (int64_t i = 0; i < literals; ++i) {
      predicate.values.push_back(RandomValue(TypeOf(schema, predicate.field_id), random));
    }
    filter.push_back(predicate);
  }
  return filter;
}

bool RowMatches(const Filter& filter, const Row& row) {
  return std::all_of(filter.begin(), filter.end(), [&](const Predicate& predicate) {
    return Matches(predicate, row[static_cast<size_t>(predicate.field_id - 1)]);
  });
}

TEST(Pruning, NeverHidesARowThatMatches) {
  Random random(20261120);
  Schema schema = Columns();
  int files_pruned = 0, manifests_pruned = 0;
  for (int round = 0; round < 6000; ++round) {
    PartitionSpec spec = RandomSpec(schema, random);
    ManifestHeader header{schema, spec, FileContent::kData};
    std::vector<Row> all_rows;
    std::vector<ManifestEntry> entries;
    std::vector<std::vector<Row>> rows_of_file;
    for (int64_t files = random.Between(1, 3); files > 0; --files) {
      std::vector<Value> partition;
      auto rows = RandomRows(schema, spec, random, &partition);
      ManifestEntry entry{.file = Describe(schema, rows, random)};
      entry.file.partition = partition;
      entries.push_back(std::move(entry));
      rows_of_file.push_back(std::move(rows));
    }
    ManifestFile manifest;
    ASSERT_TRUE(EncodeManifest(header, entries, &manifest).ok());
    for (int f = 0; f < 8; ++f) {
      Filter filter = RandomFilter(schema, random);
      bool any = false;
      for (size_t i = 0; i < entries.size(); ++i) {
        bool matches =
            std::any_of(rows_of_file[i].begin(), rows_of_file[i].end(),
                        [&](const Row& row) { return RowMatches(filter, row); });
        any |= matches;
        bool may = MayMatchFile(filter, schema, spec, entries[i].file);
        ASSERT_TRUE(may || !matches)
            << "round " << round << " op " << static_cast<int>(filter[0].op) << " field "
            << filter[0].field_id << " spec " << ToText(spec.ToJson()) << " file "
            << ToText(entries[i].file.ToJson());
        files_pruned += !may;
      }
      bool may = MayMatchManifest(filter, schema, spec, manifest);
      ASSERT_TRUE(may || !any) << "round " << round << " spec " << ToText(spec.ToJson());
      manifests_pruned += !may;
    }
  }
  // It would be easy never to prune: a fifth and more is pruned here.
  EXPECT_GT(files_pruned, 15000);
  EXPECT_GT(manifests_pruned, 1500);
}

struct PruneCase {
  const char* what;
  Predicate predicate;
  bool may;
};

TEST(Pruning, ByColumnBounds) {
  Schema schema = Columns();
  DataFile file;
  file.record_count = 10;
  file.null_counts = {{2, 0}, {4, 10}};
  SetBounds({{2, TypeOf(schema, 2), int64_t{10}, int64_t{20}}}, &file);
  const PruneCase kCases[] = {
      {"below", {2, Op::kEq, {int64_t{9}}}, false},
      {"first", {2, Op::kEq, {int64_t{10}}}, true},
      {"above", {2, Op::kEq, {int64_t{21}}}, false},
      {"in, none", {2, Op::kIn, {int64_t{1}, int64_t{30}}}, false},
      {"in, one", {2, Op::kIn, {int64_t{1}, int64_t{15}}}, true},
      {"lt", {2, Op::kLt, {int64_t{10}}}, false},
      {"le", {2, Op::kLe, {int64_t{10}}}, true},
      {"gt", {2, Op::kGt, {int64_t{20}}}, false},
      {"ge", {2, Op::kGe, {int64_t{20}}}, true},
      {"ne", {2, Op::kNe, {int64_t{15}}}, true},
      {"is null", {2, Op::kIsNull, {}}, false},
      {"not null", {2, Op::kNotNull, {}}, true},
      {"all null: not null", {4, Op::kNotNull, {}}, false},
      {"all null: equal", {4, Op::kEq, {std::string("x")}}, false},
      {"no statistics", {1, Op::kEq, {int32_t{5}}}, true},
      {"column is gone", {99, Op::kEq, {int32_t{5}}}, true},
      {"literal of another type", {2, Op::kEq, {std::string("x")}}, true},
  };
  for (const PruneCase& c : kCases) {
    SCOPED_TRACE(c.what);
    EXPECT_EQ(MayMatchFile({c.predicate}, schema, {}, file), c.may);
  }
}

TEST(Pruning, ByPartition) {
  Schema schema = Columns();
  PartitionSpec spec =
      PartitionSpec::Parse("day(at), bucket(8, i), b", schema).ValueOrDie();
  constexpr int64_t kDay = 86'400'000'000;
  DataFile file;
  file.record_count = 1;
  Value bucket = spec.fields[1].transform.Apply(TypeOf(schema, 1), int32_t{34});
  file.partition = {int32_t{100}, bucket, Value()};
  const PruneCase kCases[] = {
      {"that day", {7, Op::kEq, {100 * kDay + 5}}, true},
      {"day before", {7, Op::kEq, {100 * kDay - 1}}, false},
      {"until midnight", {7, Op::kLt, {100 * kDay}}, true},
      {"until the day before", {7, Op::kLe, {100 * kDay - 1}}, false},
      {"from the next day", {7, Op::kGe, {101 * kDay}}, false},
      {"bucket", {1, Op::kEq, {int32_t{34}}}, true},
      {"null partition: is null", {8, Op::kIsNull, {}}, true},
      {"null partition: true", {8, Op::kEq, {true}}, false},
      {"day is set", {7, Op::kIsNull, {}}, false},
  };
  for (const PruneCase& c : kCases) {
    SCOPED_TRACE(c.what);
    EXPECT_EQ(MayMatchFile({c.predicate}, schema, spec, file), c.may);
  }
  int other_buckets = 0;
  for (int32_t i = 0; i < 100; ++i) {
    other_buckets += !MayMatchFile({{1, Op::kEq, {i}}}, schema, spec, file);
  }
  EXPECT_GT(other_buckets, 70);
}

TEST(Pruning, NanAndBoundsInTheWrongOrderPruneNothing) {
  Schema schema = Columns();
  DataFile file;
  file.record_count = 3;
  Primitive real{PrimitiveKind::kDouble};
  file.lower_bounds[3] = EncodeValue(real, std::nan(""));
  file.upper_bounds[3] = EncodeValue(real, 1.0);
  file.nan_counts[3] = 0;
  EXPECT_TRUE(MayMatchFile({{3, Op::kLt, {-5.0}}}, schema, {}, file));
  EXPECT_FALSE(MayMatchFile({{3, Op::kGt, {5.0}}}, schema, {}, file));
  file.nan_counts.clear();
  EXPECT_TRUE(MayMatchFile({{3, Op::kGt, {5.0}}}, schema, {}, file));
  Primitive number{PrimitiveKind::kLong};
  file.lower_bounds[2] = EncodeValue(number, int64_t{9});
  file.upper_bounds[2] = EncodeValue(number, int64_t{1});
  EXPECT_TRUE(MayMatchFile({{2, Op::kEq, {int64_t{5}}}}, schema, {}, file));
}

}  // namespace
}  // namespace sluice::table
