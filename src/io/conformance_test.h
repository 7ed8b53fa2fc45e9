#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <arrow/filesystem/filesystem.h>
#include <arrow/io/interfaces.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/file_system.h"
#include "io/new_file.h"

namespace sluice::io {

/// What every file system behind `Locate` must do. The parameter gives the URI of an
/// empty directory that is the test's own.
class FileSystemConformance
    : public testing::TestWithParam<std::function<std::string(const std::string& test)>> {
 protected:
  void SetUp() override {
    root_ = GetParam()(testing::UnitTest::GetInstance()->current_test_info()->name());
  }
  Location At(const std::string& path) { return Locate(root_ + "/" + path).ValueOrDie(); }
  int64_t NumFiles(const std::string& directory) {
    arrow::fs::FileSelector all;
    Location location = At(directory);
    all.base_dir = location.path;
    all.recursive = true;
    int64_t count = 0;
    for (const auto& info : location.file_system->GetFileInfo(all).ValueOrDie()) {
      count += info.IsFile();
    }
    return count;
  }
  std::string root_;
};

TEST_P(FileSystemConformance, CreatesAndReads) {
  std::string bytes(1 << 20, 'x');
  bytes[77] = '\0';
  for (const std::string& content : {std::string(), std::string("short"), bytes}) {
    Location file = At("a/b c/" + std::to_string(content.size()) + ".bin");
    ASSERT_TRUE(CreateFile(file, content).ok());
    EXPECT_EQ(ReadFile(file).ValueOrDie(), content);
  }
  EXPECT_EQ(NumFiles("a"), 3) << "no temporary file is left";
}

TEST_P(FileSystemConformance, CreatingAgainChangesNothing) {
  Location file = At("d/one");
  ASSERT_TRUE(CreateFile(file, "first").ok());
  Status again = CreateFile(file, "second");
  EXPECT_EQ(KindOf(again), ErrorKind::kAlreadyExists);
  EXPECT_THAT(again.message(), testing::HasSubstr(file.path));
  EXPECT_EQ(KindOf(NewFile::Make(file).status()), ErrorKind::kAlreadyExists);
  EXPECT_EQ(ReadFile(file).ValueOrDie(), "first");
  EXPECT_EQ(NumFiles("d"), 1);
}

TEST_P(FileSystemConformance, OneOfManyCreatorsWins) {
  for (int round = 0; round < 20; ++round) {
    Location file = At("race/" + std::to_string(round));
    std::atomic<int> winners = 0, losers = 0;
    std::string winner;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
          Status created = CreateFile(file, std::to_string(i));
          if (created.ok()) {
            winner = std::to_string(i);
            ++winners;
          } else if (KindOf(created) == ErrorKind::kAlreadyExists) {
            ++losers;
          }
        });
      }
    }
    ASSERT_EQ(winners, 1);
    ASSERT_EQ(losers, 7);
    EXPECT_EQ(ReadFile(file).ValueOrDie(), winner);
  }
  EXPECT_EQ(NumFiles("race"), 20);
}

TEST_P(FileSystemConformance, MissingFileIsNotFoundByName) {
  Status missing = ReadFile(At("no/such")).status();
  EXPECT_EQ(KindOf(missing), ErrorKind::kNotFound);
  EXPECT_THAT(missing.message(), testing::HasSubstr("no/such"));
}

TEST_P(FileSystemConformance, DirectoryIsNotReadAsFile) {
  ASSERT_TRUE(CreateFile(At("dir/file"), "x").ok());
  EXPECT_EQ(KindOf(ReadFile(At("dir")).status()), ErrorKind::kUserInput);
  EXPECT_EQ(KindOf(CreateFile(At("dir"), "x")), ErrorKind::kAlreadyExists);
}

TEST_P(FileSystemConformance, NewFileFinishes) {
  auto file = NewFile::Make(At("new/f")).ValueOrDie();
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    std::string part(static_cast<size_t>(i * 7 % 1500), static_cast<char>('a' + i % 26));
    if (i == 500) part.assign(700000, 'z');
    expected += part;
    ASSERT_TRUE(file->Write(part.data(), static_cast<int64_t>(part.size())).ok());
    ASSERT_EQ(file->Tell().ValueOrDie(), static_cast<int64_t>(expected.size()));
  }
  ASSERT_TRUE(file->Finish().ok());
  EXPECT_TRUE(file->closed());
  EXPECT_FALSE(file->Write("x", 1).ok());
  EXPECT_FALSE(file->Finish().ok());
  ASSERT_TRUE(file->Abort().ok());
  EXPECT_EQ(ReadFile(At("new/f")).ValueOrDie(), expected);
  EXPECT_TRUE(Sync({At("new/f")}).ok());
}

TEST_P(FileSystemConformance, AbortedFileIsGone) {
  auto file = NewFile::Make(At("new/f")).ValueOrDie();
  ASSERT_TRUE(file->Write("abc", 3).ok());
  ASSERT_TRUE(file->Abort().ok());
  ASSERT_TRUE(file->Abort().ok());
  EXPECT_EQ(KindOf(ReadFile(At("new/f")).status()), ErrorKind::kNotFound);
  NewFile::Make(At("new/dropped")).ValueOrDie().reset();
  EXPECT_EQ(NumFiles("new"), 0);
  EXPECT_TRUE(NewFile::Make(At("new/f")).ok()) << "the name is free again";
}

TEST_P(FileSystemConformance, CanonicalUriLeadsToTheSameFile) {
  ASSERT_TRUE(CreateFile(At("c/100% ü#?.txt"), "x").ok());
  std::string uri = CanonicalUri(root_ + "/c/./x/..//100% ü#?.txt").ValueOrDie();
  EXPECT_EQ(ReadFile(Locate(uri).ValueOrDie()).ValueOrDie(), "x");
  EXPECT_EQ(CanonicalUri(uri).ValueOrDie(), uri);
}

}  // namespace sluice::io
