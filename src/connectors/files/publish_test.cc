#include "connectors/files/publish.h"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/failpoint.h"
#include "connectors/files/staging.h"

namespace sluice::connectors::files {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

class Publish : public testing::Test {
 protected:
  Publish() {
    std::string pattern = testing::TempDir() + "publish_XXXXXX";
    root_ = mkdtemp(pattern.data());
    directory_ = root_ + "/out";
    fs::create_directories(directory_);
  }
  ~Publish() override {
    EXPECT_TRUE(ArmFailpoints("").ok());
    fs::remove_all(root_);
  }

  void Put(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
  }
  std::string Content(const std::string& name) {
    std::ifstream file(directory_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::vector<std::string> Visible() { return VisibleNames(directory_).ValueOrDie(); }

  // Begins an overwrite of "old" by "new1" and "new2" and lets it pass or fail.
  Status Overwrite(Staging& staging) {
    Put(staging.path() + "/new1", "n1");
    Put(staging.path() + "/new2", "n2");
    return MoveIn(directory_, staging.path(),
                  {.publish = {"new1", "new2"}, .replace = {"old"}});
  }

  std::string root_, directory_;
};

TEST_F(Publish, ReplacesAndMarks) {
  Put(directory_ + "/old", "o");
  auto staging = Staging::Make(directory_, "r1").ValueOrDie();
  ASSERT_TRUE(Overwrite(*staging).ok());
  EXPECT_THAT(Visible(), ElementsAre("new1", "new2"));
  EXPECT_TRUE(fs::exists(directory_ + "/_SUCCESS"));
  staging->Remove();
  EXPECT_FALSE(fs::exists(staging->path()));
}

TEST_F(Publish, ErrorMovesEverythingBack) {
  for (bool had_success : {false, true}) {
    for (const char* name :
         {"files.after_journal", "files.after_replace", "files.before_success"}) {
      SCOPED_TRACE(name);
      Put(directory_ + "/old", "o");
      if (had_success) Put(directory_ + "/_SUCCESS", "");
      auto staging = Staging::Make(directory_, "r1").ValueOrDie();
      ASSERT_TRUE(ArmFailpoints(std::string(name) + "=error").ok());
      EXPECT_THAT(Overwrite(*staging).message(), HasSubstr(name));
      EXPECT_THAT(Visible(), ElementsAre("old"));
      EXPECT_EQ(Content("old"), "o");
      EXPECT_EQ(fs::exists(directory_ + "/_SUCCESS"), had_success);
      staging->Remove();
      staging.reset();
      ASSERT_TRUE(SettleDeadLoads(directory_).ok());
      EXPECT_THAT(Visible(), ElementsAre("old"));
    }
  }
}

// A process killed after its journal has committed: whoever comes next completes it.
TEST_F(Publish, KilledLoadIsCompletedOrRemoved) {
  struct Case {
    const char* failpoint;
    bool completed;
  };
  for (const Case& c :
       {Case{"files.after_journal", true}, Case{"files.after_replace", true},
        Case{"files.before_success", true}, Case{"test.before_move", false}}) {
    SCOPED_TRACE(c.failpoint);
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    Put(directory_ + "/old", "o");
    pid_t child = fork();
    if (child == 0) {
      auto staging = Staging::Make(directory_, "r1").ValueOrDie();
      (void)ArmFailpoints(std::string(c.failpoint) + "=crash");
      (void)Failpoint("test.before_move");
      (void)Overwrite(*staging);
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the failpoint was not passed";
    ASSERT_TRUE(SettleDeadLoads(directory_).ok());
    EXPECT_FALSE(fs::exists(directory_ + "/.sluice-r1"));
    if (c.completed) {
      EXPECT_THAT(Visible(), ElementsAre("new1", "new2"));
      EXPECT_TRUE(fs::exists(directory_ + "/_SUCCESS"));
    } else {
      EXPECT_THAT(Visible(), ElementsAre("old"));
    }
  }
}

TEST_F(Publish, LivingLoadIsLeftAlone) {
  auto staging = Staging::Make(directory_, "r1").ValueOrDie();
  Put(staging->path() + "/part", "p");
  ASSERT_TRUE(SettleDeadLoads(directory_).ok());
  EXPECT_TRUE(fs::exists(staging->path() + "/part"));
}

TEST_F(Publish, NeverWritesOverAFile) {
  Put(directory_ + "/new1", "theirs");
  auto staging = Staging::Make(directory_, "r1").ValueOrDie();
  EXPECT_EQ(KindOf(Overwrite(*staging)), ErrorKind::kConflict);
  EXPECT_EQ(Content("new1"), "theirs");
}

TEST_F(Publish, DirectoryMadeForNothingGoesAgain) {
  std::string fresh = root_ + "/fresh";
  Staging::Make(fresh, "r1").ValueOrDie()->Remove();
  EXPECT_FALSE(fs::exists(fresh));
  Staging::Make(directory_, "r1").ValueOrDie()->Remove();
  EXPECT_TRUE(fs::exists(directory_));
}

}  // namespace
}  // namespace sluice::connectors::files
