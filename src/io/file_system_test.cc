#include "io/file_system.h"

#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "io/conformance_test.h"
#include "io/local_internal.h"

namespace sluice::io {
namespace {

using testing::HasSubstr;

std::string LocalRoot(const std::string& test) {
  auto root = std::filesystem::temp_directory_path() /
              ("sluice_io_test_" + std::to_string(::getpid())) / test;
  std::filesystem::remove_all(root);
  std::filesystem::create_directories(root);
  return root.string();
}

std::string MemoryRoot(const std::string& test) {
  ResetMemory(test);
  return "memory://" + test;
}

INSTANTIATE_TEST_SUITE_P(Local, FileSystemConformance, testing::Values(LocalRoot));
INSTANTIATE_TEST_SUITE_P(LocalUri, FileSystemConformance,
                         testing::Values([](const auto& test) {
                           return "file://" + LocalRoot(test);
                         }));
INSTANTIATE_TEST_SUITE_P(Memory, FileSystemConformance, testing::Values(MemoryRoot));

class RemoveRoot final : public testing::Environment {
  void TearDown() override {
    std::filesystem::remove_all(std::filesystem::path(LocalRoot("x")).parent_path());
  }
};
const auto* const kRemoveRoot = testing::AddGlobalTestEnvironment(new RemoveRoot);

TEST(FileSystem, CanonicalUris) {
  std::string here = std::filesystem::current_path().string();
  struct Case {
    std::string text, uri;
  };
  for (const Case& c :
       {Case{"/a/b", "file:///a/b"}, Case{"/a//./b/../c/", "file:///a/c"},
        Case{"/", "file:///"}, Case{"lake", "file://" + here + "/lake"},
        Case{"./lake/", "file://" + here + "/lake"}, Case{"file:///a/../b", "file:///b"},
        Case{"file:/a", "file:///a"}, Case{"file://localhost/a", "file:///a"},
        Case{"memory://n/a/../b", "memory://n/b"}, Case{"memory://n", "memory://n/"}}) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(CanonicalUri(c.text).ValueOrDie(), c.uri);
  }
}

TEST(FileSystem, BadPlaces) {
  for (const char* text :
       {"", "s3://bucket/x", "file://host/a", "memory:///x", "memory://"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(KindOf(Locate(text).status()), ErrorKind::kUserInput);
    EXPECT_EQ(KindOf(CanonicalUri(text).status()), ErrorKind::kUserInput);
  }
  EXPECT_THAT(Locate("s3://bucket/x").status().message(), HasSubstr("s3://"));
}

TEST(FileSystem, MemoryIsOnePerName) {
  ResetMemory("one");
  ASSERT_TRUE(CreateFile(Locate("memory://one/x").ValueOrDie(), "1").ok());
  EXPECT_TRUE(ReadFile(Locate("memory://one/x").ValueOrDie()).ok());
  EXPECT_FALSE(ReadFile(Locate("memory://two/x").ValueOrDie()).ok());
  ResetMemory("one");
  EXPECT_FALSE(ReadFile(Locate("memory://one/x").ValueOrDie()).ok());
}

TEST(FileSystem, SystemErrorsNamePathAndCause) {
  std::string root = LocalRoot("errors");
  ASSERT_TRUE(CreateFile(Locate(root + "/file").ValueOrDie(), "x").ok());
  Status below = CreateFile(Locate(root + "/file/below/x").ValueOrDie(), "x");
  EXPECT_EQ(KindOf(below), ErrorKind::kUserInput);
  EXPECT_THAT(below.message(), HasSubstr(root + "/file"));

  Status proc = CreateFile(Locate("/proc/sluice/x").ValueOrDie(), "x");
  EXPECT_FALSE(proc.ok());
  EXPECT_THAT(proc.message(), HasSubstr("/proc/sluice"));

  Status refused = internal::SystemError("create", "/x", EACCES);
  EXPECT_EQ(KindOf(refused), ErrorKind::kAuth);

  Status gone = Sync({Locate(root + "/gone").ValueOrDie()});
  EXPECT_FALSE(gone.ok());
  EXPECT_THAT(gone.message(), HasSubstr("/gone"));
}

TEST(FileSystem, FullDeviceLeavesNothing) {
  std::string root = LocalRoot("full");
  // A limit of the process stands for the device's end; both stop write(2) half-way.
  struct rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit small = before;
  small.rlim_cur = 1 << 20;
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  Status created =
      CreateFile(Locate(root + "/big").ValueOrDie(), std::string(3 << 20, 'x'));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(KindOf(created), ErrorKind::kUnavailable);
  EXPECT_THAT(created.message(), HasSubstr(root));
  EXPECT_TRUE(std::filesystem::is_empty(root));

  auto device = Location{Locate("/dev").ValueOrDie().file_system, "/dev/full"};
  EXPECT_EQ(KindOf(CreateFile(device, "x")), ErrorKind::kAlreadyExists);
}

}  // namespace
}  // namespace sluice::io
