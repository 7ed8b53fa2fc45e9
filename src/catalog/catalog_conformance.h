#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <arrow/filesystem/filesystem.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/catalog.h"
#include "io/file_system.h"

namespace sluice::catalog {

/// An empty catalog of the test's own, which may be opened several times.
struct CatalogUnderTest {
  std::string warehouse;  ///< URI
  std::function<std::unique_ptr<Catalog>()> open;
};

/// What every catalog must do; each implementation instantiates it.
class CatalogConformance : public testing::TestWithParam<
                               std::function<CatalogUnderTest(const std::string& test)>> {
 protected:
  void SetUp() override {
    under_test_ =
        GetParam()(testing::UnitTest::GetInstance()->current_test_info()->name());
    catalog_ = under_test_.open();
  }
  table::TableMetadata Metadata(const std::string& path) {
    auto schema = arrow::schema(
        {arrow::field("id", arrow::int64(), false), arrow::field("name", arrow::utf8())});
    return table::NewTable(table::Schema::FromArrow(*schema).ValueOrDie(), {},
                           under_test_.warehouse + "/" + path, {{"owner", "test"}},
                           "6f1b4e0e-0d5f-4a59-9c6a-5d8ff4c2b9aa", 1000);
  }
  LoadedTable Create(const std::string& ident) {
    return catalog_->CreateTable(TableIdent::Parse(ident).ValueOrDie(), Metadata(ident))
        .ValueOrDie();
  }
  int64_t NumMetadataFiles(const std::string& path) {
    auto location =
        io::Locate(under_test_.warehouse + "/" + path + "/metadata").ValueOrDie();
    arrow::fs::FileSelector all;
    all.base_dir = location.path;
    all.allow_not_found = true;
    return static_cast<int64_t>(
        location.file_system->GetFileInfo(all).ValueOrDie().size());
  }

  CatalogUnderTest under_test_;
  std::unique_ptr<Catalog> catalog_;
};

TEST_P(CatalogConformance, StartsEmpty) {
  EXPECT_THAT(catalog_->ListNamespaces().ValueOrDie(), testing::IsEmpty());
  EXPECT_EQ(KindOf(catalog_->ListTables("landing").status()), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(catalog_->LoadTable({"landing", "t"}).status()), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(catalog_->DropTable({"landing", "t"})), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(catalog_->CommitTable({"landing", "t"}, {}, {}).status()),
            ErrorKind::kNotFound);
}

TEST_P(CatalogConformance, Namespaces) {
  for (const char* name : {"b", "a.x", "b", "it's"}) {
    EXPECT_TRUE(catalog_->CreateNamespace(name).ok()) << name;
  }
  Create("c.t");
  EXPECT_THAT(catalog_->ListNamespaces().ValueOrDie(),
              testing::ElementsAre("a.x", "b", "c", "it's"));
  EXPECT_THAT(catalog_->ListTables("a").ValueOrDie(), testing::IsEmpty());
  EXPECT_THAT(catalog_->ListTables("it's").ValueOrDie(), testing::IsEmpty());
  for (const char* name : {"", "a..b", "a/b", ".", "a."}) {
    EXPECT_EQ(KindOf(catalog_->CreateNamespace(name)), ErrorKind::kUserInput) << name;
  }
}

TEST_P(CatalogConformance, CreatesLoadsListsDrops) {
  LoadedTable created = Create("landing.orders");
  Create("landing.items");
  Create("landing.deep.orders");
  EXPECT_THAT(catalog_->ListTables("landing").ValueOrDie(),
              testing::ElementsAre(TableIdent{"landing", "items"},
                                   TableIdent{"landing", "orders"}));
  auto other = under_test_.open();
  LoadedTable loaded = other->LoadTable({"landing", "orders"}).ValueOrDie();
  EXPECT_EQ(loaded.metadata_location, created.metadata_location);
  EXPECT_EQ(ToText(table::MetadataToJson(loaded.metadata)),
            ToText(table::MetadataToJson(created.metadata)));
  EXPECT_EQ(table::MetadataVersion(loaded.metadata_location), 0);

  EXPECT_TRUE(catalog_->DropTable({"landing", "orders"}).ok());
  EXPECT_EQ(KindOf(other->LoadTable({"landing", "orders"}).status()),
            ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(catalog_->DropTable({"landing", "orders"})), ErrorKind::kNotFound);
  EXPECT_EQ(NumMetadataFiles("landing.orders"), 1) << "files stay";
  EXPECT_TRUE(other->CreateTable({"landing", "orders"}, Metadata("again")).ok());
}

TEST_P(CatalogConformance, NotFoundSuggestsNames) {
  Create("landing.orders");
  Create("archive.orders");
  Status missing = catalog_->LoadTable({"landing", "order"}).status();
  EXPECT_THAT(missing.message(),
              testing::HasSubstr("landing.order does not exist; did you mean "
                                 "landing.orders?"));
  EXPECT_THAT(catalog_->LoadTable({"x", "orders"}).status().message(),
              testing::HasSubstr("archive.orders, landing.orders"));
  EXPECT_THAT(catalog_->ListTables("landng").status().message(),
              testing::HasSubstr("did you mean landing?"));
  EXPECT_THAT(catalog_->DropTable({"nothing", "like_it"}).message(),
              testing::Not(testing::HasSubstr("did you mean")));
}

TEST_P(CatalogConformance, NameIsTakenOnce) {
  LoadedTable first = Create("landing.orders");
  auto again = catalog_->CreateTable({"landing", "orders"}, Metadata("elsewhere"));
  EXPECT_EQ(KindOf(again.status()), ErrorKind::kAlreadyExists);
  EXPECT_EQ(NumMetadataFiles("elsewhere"), 0) << "nothing is left behind";
  EXPECT_EQ(catalog_->LoadTable({"landing", "orders"})->metadata_location,
            first.metadata_location);
  EXPECT_EQ(KindOf(catalog_->CreateTable({"landing", "a/b"}, Metadata("x")).status()),
            ErrorKind::kUserInput);
}

TEST_P(CatalogConformance, OneOfManyCreatorsWins) {
  auto other = under_test_.open();
  std::atomic<int> winners = 0, losers = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        Catalog& catalog = i % 2 ? *other : *catalog_;
        auto created = catalog.CreateTable({"landing", "orders"}, Metadata("orders"));
        winners += created.ok();
        losers += !created.ok() && KindOf(created.status()) == ErrorKind::kAlreadyExists;
      });
    }
  }
  EXPECT_EQ(winners, 1);
  EXPECT_EQ(losers, 7);
  EXPECT_EQ(NumMetadataFiles("orders"), 1);
}

TEST_P(CatalogConformance, CommitChangesAndRemembers) {
  LoadedTable created = Create("landing.orders");
  auto committed = catalog_->CommitTable(
      {"landing", "orders"}, {table::AssertTableUuid{created.metadata.table_uuid}},
      {table::SetProperties{{{"a", "1"}}}, table::RemoveProperties{{"owner"}}});
  ASSERT_TRUE(committed.ok()) << committed.status();
  LoadedTable loaded = under_test_.open()->LoadTable({"landing", "orders"}).ValueOrDie();
  EXPECT_EQ(loaded.metadata_location, committed->metadata_location);
  EXPECT_THAT(loaded.metadata.properties, testing::ElementsAre(testing::Pair("a", "1")));
  ASSERT_EQ(loaded.metadata.metadata_log.size(), 1u);
  EXPECT_EQ(loaded.metadata.metadata_log[0].metadata_file, created.metadata_location);
  EXPECT_EQ(table::MetadataVersion(loaded.metadata_location), 1);
  EXPECT_EQ(NumMetadataFiles("landing.orders"), 2);
}

TEST_P(CatalogConformance, UnmetRequirementChangesNothing) {
  LoadedTable created = Create("landing.orders");
  std::vector<table::Update> update{table::SetProperties{{{"a", "1"}}}};
  for (const table::Requirement& unmet :
       {table::Requirement(table::AssertCreate{}),
        table::Requirement(table::AssertTableUuid{"other"}),
        table::Requirement(table::AssertRefSnapshotId{"main", 7}),
        table::Requirement(table::AssertProperty{"owner", std::nullopt})}) {
    auto refused = catalog_->CommitTable({"landing", "orders"}, {unmet}, update);
    EXPECT_EQ(KindOf(refused.status()), ErrorKind::kConflict);
    EXPECT_THAT(refused.status().message(), testing::HasSubstr("landing.orders"));
  }
  auto bad =
      catalog_->CommitTable({"landing", "orders"}, {}, {table::SetCurrentSchema{99}});
  EXPECT_EQ(KindOf(bad.status()), ErrorKind::kUserInput);
  EXPECT_EQ(catalog_->LoadTable({"landing", "orders"})->metadata_location,
            created.metadata_location);
  EXPECT_EQ(NumMetadataFiles("landing.orders"), 1);
}

/// Every commit lands exactly once or says conflict: the counter is the number of
/// successes, the metadata log is the chain of all of them, and the losers' files are
/// gone.
TEST_P(CatalogConformance, StormOfCommits) {
  constexpr int kThreads = 8, kCommits = 8;
  Create("landing.orders");
  auto other = under_test_.open();
  const TableIdent ident{"landing", "orders"};
  std::atomic<int> landed = 0, conflicts = 0, odd = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        Catalog& catalog = t % 2 ? *other : *catalog_;
        for (int done = 0; done < kCommits && odd == 0;) {
          auto base = catalog.LoadTable(ident);
          if (!base.ok()) {
            ++odd;
            break;
          }
          auto& properties = base->metadata.properties;
          auto counter = properties.find("counter");
          std::optional<std::string> before;
          if (counter != properties.end()) before = counter->second;
          std::string after = std::to_string(before ? std::stoi(*before) + 1 : 1);
          std::string mine = std::to_string(t) + "-" + std::to_string(done);
          auto committed = catalog.CommitTable(
              ident, {table::AssertProperty{"counter", before}},
              {table::SetProperties{{{"counter", after}, {mine, after}}}});
          bool conflict =
              !committed.ok() && KindOf(committed.status()) == ErrorKind::kConflict;
          if (committed.ok()) ++landed, ++done;
          if (conflict) ++conflicts;
          if (!committed.ok() && !conflict) ++odd;
        }
      });
    }
  }
  EXPECT_EQ(odd, 0);
  EXPECT_EQ(landed, kThreads * kCommits);
  RecordProperty("conflicts", conflicts);
  LoadedTable last = under_test_.open()->LoadTable(ident).ValueOrDie();
  EXPECT_EQ(last.metadata.properties.at("counter"), std::to_string(landed));
  EXPECT_EQ(last.metadata.properties.size(), static_cast<size_t>(landed) + 2);
  EXPECT_EQ(last.metadata.metadata_log.size(), static_cast<size_t>(landed));
  EXPECT_EQ(table::MetadataVersion(last.metadata_location), landed);
  EXPECT_EQ(NumMetadataFiles("landing.orders"), landed + 1);
}

}  // namespace sluice::catalog
