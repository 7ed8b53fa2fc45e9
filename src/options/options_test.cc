#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "options/arguments.h"
#include "options/help.h"
#include "options/option.h"

namespace sluice::options {
namespace {

struct Sample {
  int parallel = 4;
  bool json = false;
  std::string mode = "append";
  std::string file;
  std::vector<std::string> tables;
};

constexpr Row<Sample> kSample[] = {
    {.key = "parallel",
     .member = &Sample::parallel,
     .value = "N",
     .help = "connections",
     .low = 1,
     .high = 64},
    {.key = "json", .member = &Sample::json, .value = "", .help = "one JSON object"},
    {.key = "mode", .member = &Sample::mode, .value = "append|overwrite", .help = "how"},
    {.key = "file",
     .member = &Sample::file,
     .value = "FILE",
     .help = "input",
     .expert = true,
     .letter = 'f'},
    {.key = "tables", .member = &Sample::tables, .value = "PATTERNS", .help = "which"},
};

Command SampleCommand(Sample* sample) {
  return {.name = "try",
          .positional = "URL",
          .summary = "Tries",
          .positional_min = 1,
          .positional_max = 1,
          .options = Bind<Sample>(kSample, sample)};
}

TEST(Arguments, SetEveryKindOfField) {
  Sample sample;
  auto parsed = ParseArguments(SampleCommand(&sample),
                               {"x://y", "--parallel=8", "--json", "--mode", "overwrite",
                                "-f", "a.sql", "--tables", "a, b", "--tables=c"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(parsed->positional, testing::ElementsAre("x://y"));
  EXPECT_EQ(sample.parallel, 8);
  EXPECT_TRUE(sample.json);
  EXPECT_EQ(sample.mode, "overwrite");
  EXPECT_EQ(sample.file, "a.sql");
  EXPECT_THAT(sample.tables, testing::ElementsAre("a", "b", "c"));
}

TEST(Arguments, WrongWordsSayWhatIsAllowed) {
  struct Case {
    std::vector<std::string> words;
    const char* says;
  };
  for (const Case& c : {
           Case{{"u", "--parallel", "0"}, "from 1 to 64, not: 0"},
           Case{{"u", "--parallel", "8x"}, "not: 8x"},
           Case{{"u", "--mode", "replace"}, "append, overwrite"},
           Case{{"u", "--paralel", "2"}, "did you mean --parallel?"},
           Case{{}, "needs URL"},
           Case{{"u", "v"}, "too many for sluice try: v"},
           Case{{"u", "--mode", "append", "--mode", "append"}, "given twice"},
           Case{{"u", "--parallel"}, "parallel"},
       }) {
    SCOPED_TRACE(c.says);
    Sample sample;
    auto parsed = ParseArguments(SampleCommand(&sample), c.words);
    ASSERT_FALSE(parsed.ok());
    EXPECT_EQ(KindOf(parsed.status()), ErrorKind::kUserInput);
    EXPECT_THAT(parsed.status().message(), testing::HasSubstr(c.says));
  }
}

TEST(Help, ShowsExpertOptionsOnRequestOnly) {
  Sample sample;
  Command command = SampleCommand(&sample);
  EXPECT_THAT(HelpText(command, false), testing::Not(testing::HasSubstr("--file")));
  EXPECT_THAT(HelpText(command, true), testing::HasSubstr("-f, --file FILE"));
  EXPECT_THAT(HelpText(command, false), testing::HasSubstr("(default 4)"));
  EXPECT_THAT(ReferenceMarkdown({command}), testing::HasSubstr("append\\|overwrite"));
  EXPECT_THAT(BashCompletion({command}), testing::HasSubstr("append overwrite"));
  EXPECT_THAT(ZshCompletion({command}), testing::HasSubstr("(append overwrite)"));
}

}  // namespace
}  // namespace sluice::options
