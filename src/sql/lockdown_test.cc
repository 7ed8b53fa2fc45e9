#include <fstream>

#include <fmt/format.h>

#include "sql/sql_rig_test.h"

namespace sluice::sql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class LockdownTest : public testing::Test {
 protected:
  void SetUp() override {
    rig_.Rows("create schema t; create table t.x as select 'secret' as v");
    file_ = rig_.DataFiles("t.x").at(0);
    std::ofstream(rig_.directory + "/canary.txt") << "canary,1\n";
  }

  // Refused as an error of the user, or because nothing of that name is there.
  void Refused(const std::string& sql) {
    SCOPED_TRACE(sql);
    const Answer answer = rig_.Ask(sql);
    ASSERT_FALSE(answer.status.ok());
    EXPECT_THAT(KindOf(answer.status),
                testing::AnyOf(ErrorKind::kUserInput, ErrorKind::kNotFound))
        << answer.status.ToString();
    EXPECT_THAT(answer.status.ToString(), Not(HasSubstr("canary,1")));
  }

  SqlRig rig_;
  std::string file_;
};

TEST_F(LockdownTest, NoFileIsRead) {
  const std::string canary = rig_.directory + "/canary.txt";
  for (const char* function :
       {"read_text", "read_blob", "read_csv", "read_csv_auto", "read_json",
        "read_json_auto", "read_ndjson", "read_parquet", "parquet_scan",
        "parquet_metadata", "parquet_schema", "sniff_csv", "glob", "read_duckdb"}) {
    Refused(fmt::format("select * from {}('{}')", function, canary));
    Refused(fmt::format("select * from {}('/etc/passwd')", function));
    Refused(fmt::format("select (select count(*) from {}('/etc/passwd'))", function));
    Refused(fmt::format("with a as (from {}('/etc/passwd')) from a", function));
    Refused(
        fmt::format("create temp view w as select * from {}('/etc/passwd')", function));
  }
  Refused(fmt::format("select * from '{}'", canary));
  Refused(fmt::format("select * from '{}'", file_));
  Refused("select * from query('select * from read_text(''/etc/passwd'')')");
  Refused("from query_table('/etc/passwd')");
}

TEST_F(LockdownTest, DataFilesAreReadByTableNameOnly) {
  EXPECT_THAT(rig_.Rows("select v from t.x"), ElementsAre("secret"));
  for (const std::string& path : std::vector<std::string>{
           "sluice://file://" + file_, "sluice://" + file_, "sluice:///etc/passwd",
           "sluice://file://" + rig_.directory + "/t/../canary.txt"}) {
    Refused(fmt::format("select * from '{}'", path));
    Refused(fmt::format("select * from read_parquet('{}')", path));
    Refused(fmt::format("select * from read_text('{}')", path));
    Refused(fmt::format("select * from glob('{}')", path));
  }
}

TEST_F(LockdownTest, NoFileIsWritten) {
  const std::string target = rig_.directory + "/evil";
  Refused(fmt::format("copy t.x to '{}'", target));
  Refused(fmt::format("copy (select 1) to '{}' (format parquet)", target));
  Refused(fmt::format("copy t.x from '{}'", file_));
  Refused(fmt::format("export database '{}'", target));
  Refused(fmt::format("import database '{}'", target));
  Refused(fmt::format("attach '{}'", target));
  Refused("attach ':memory:' as m");
  Refused("copy from database lake to memory");
  Refused("detach lake");
  Refused(fmt::format("prepare p as copy (select 1) to '{}'", target));
  Refused(fmt::format("explain copy (select 1) to '{}'", target));
  Refused(fmt::format("explain analyze copy (select 1) to '{}'", target));
  Refused(fmt::format("set profiling_output = '{}'", target));
  Refused(fmt::format("pragma profiling_output = '{}'", target));
  Refused(fmt::format(
      "call enable_logging('QueryLog', storage = 'file', storage_path = '{}')", target));
  Refused(fmt::format(
      "from enable_logging('QueryLog', storage = 'file', storage_path = '{}')", target));
  EXPECT_EQ(rig_.CountFiles("evil"), 0);
  EXPECT_THAT(rig_.Rows("select v from t.x"), ElementsAre("secret"));
}

TEST_F(LockdownTest, NoExtensionAndNoNetwork) {
  for (const char* sql :
       {"install httpfs", "load httpfs", "force install httpfs",
        "load '/tmp/x.duckdb_extension'", "update extensions",
        "select * from 'https://example.com/x.parquet'",
        "select * from 's3://bucket/x.parquet'", "create secret s (type s3)",
        "create persistent secret s (type s3)", "select * from duckdb_secrets()",
        "select * from which_secret('s3://x', 's3')"}) {
    Refused(sql);
  }
}

TEST_F(LockdownTest, SettingsStay) {
  for (const char* sql :
       {"set enable_external_access = true", "set lock_configuration = false",
        "set allowed_directories = ['/']", "set allowed_configs = ['threads']",
        "set temp_directory = '/tmp/q'", "set memory_limit = '1TB'", "set threads = 64",
        "reset threads", "reset memory_limit", "set global memory_limit = '1TB'",
        "set disabled_filesystems = 'LocalFileSystem'",
        "set autoload_known_extensions = true", "set home_directory = '/'",
        "set extension_directory = '/'", "set log_query_path = '/tmp/log'",
        "pragma enable_profiling", "pragma disable_optimizer",
        "pragma memory_limit = '1TB'", "call force_checkpoint()"}) {
    Refused(sql);
  }
}

TEST_F(LockdownTest, NoAddressesOfMemory) {
  Refused("select * from arrow_scan(1, 2, 3)");
  Refused("select * from arrow_scan_dumb(1::pointer, 2::pointer, 3::pointer)");
  Refused("select * from seq_scan()");
}

TEST_F(LockdownTest, WhatIsHarmlessWorks) {
  EXPECT_THAT(
      rig_.Rows("set TimeZone = 'Asia/Tokyo'; select current_setting('TimeZone')"),
      ElementsAre("Asia/Tokyo"));
  EXPECT_THAT(rig_.Rows("set variable v = 3; select getvariable('v')"), ElementsAre("3"));
  EXPECT_THAT(rig_.Rows("select * from range(2)"), ElementsAre("0", "1"));
  EXPECT_THAT(rig_.Rows("select unnest([1, 2])"), ElementsAre("1", "2"));
  EXPECT_THAT(rig_.Rows("select value from json_each('[7]')"), ElementsAre("7"));
  EXPECT_THAT(rig_.Rows("select v from query('select v from t.x')"),
              ElementsAre("secret"));
  EXPECT_THAT(rig_.Rows("select name from pragma_table_info('t.x')"), ElementsAre("v"));
  EXPECT_THAT(rig_.Rows("select count(*) > 0 from duckdb_functions()"),
              ElementsAre("true"));
  EXPECT_THAT(rig_.Rows("pragma version").size(), 1);
}

}  // namespace
}  // namespace sluice::sql
