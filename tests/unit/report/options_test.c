/* The command line: every way to get it wrong, and what it says then. */
#include "cli/options.h"
#include "support/run.h"

#include <string.h>

enum { MAX_WORDS = 32 };

/* Parses words split at '|'. */
static bool parse(const char *line, gw_options *options, gw_buf *message) {
    static char copy[1024];
    char *argv[MAX_WORDS + 1] = {"gwspec"};
    int argc = 1;
    strcpy(copy, line);
    for (char *rest = *copy ? copy : NULL; rest && argc < MAX_WORDS;) argv[argc++] = strsep(&rest, "|");
    gw_buf_init(message, 1 << 16);
    return gw_options_parse(argc, argv, options, message);
}

static const struct {
    const char *line, *message;
} mistakes[] = {
    {"", "no command, see 'gwspec help'"},
    {"rnu", "unknown command 'rnu' (did you mean 'run'?)"},
    {"zzzzzzzz", "unknown command 'zzzzzzzz'"},
    {"--url|ws://x/", "a command comes first: gwspec run --url ..."},
    {"run|--strct", "unknown option '--strct' (did you mean '--strict'?)"},
    {"run|--strct=1", "unknown option '--strct' (did you mean '--strict'?)"},
    {"run|--zzzzzzzzzzzz", "unknown option '--zzzzzzzzzzzz'"},
    {"run|-z", "unknown option '-z' of 'gwspec run'"},
    {"list|--strict", "'gwspec list' has no option '--strict'"},
    {"run|--strict=1", "--strict takes no value"},
    {"run|--url", "--url needs a value: URL"},
    {"run|-u", "--url needs a value: URL"},
    {"run|--url=", "--url needs a value"},
    {"run|--url|ws://a/|--url|ws://b/", "--url is given twice"},
    {"run|--url|ws://a/|--target|t.yaml", "--url, --target and --simulate exclude each other"},
    {"run|--url|ws://a/|--simulate", "--url, --target and --simulate exclude each other"},
    {"run|--url|ws://a/|--fault|x", "--fault needs a gateway that gwspec starts or simulates, not --url"},
    {"run|--url|ws://a/|--interval|5", "--interval needs a gateway that gwspec starts or simulates, not --url"},
    {"run|--url|http://a/", "--url needs an address that starts with ws:// or wss://, not 'http://a/'"},
    {"run|--jobs|0", "--jobs needs a whole number from 1 to 4096, not '0'"},
    {"run|--jobs|-1", "--jobs needs a whole number from 1 to 4096, not '-1'"},
    {"run|--jobs|many", "--jobs needs a whole number from 1 to 4096, not 'many'"},
    {"run|-j|4097", "--jobs needs a whole number from 1 to 4096, not '4097'"},
    {"run|--timeout-scale|0", "--timeout-scale needs a number above 0 and at most 1000, such as 2 or 1.5, not '0'"},
    {"run|--timeout-scale|nan", "--timeout-scale needs a number above 0 and at most 1000, such as 2 or 1.5, not 'nan'"},
    {"run|--seed|-1", "--seed needs a whole number of at most 64 bits, not '-1'"},
    {"run|--seed|99999999999999999999", "--seed needs a whole number of at most 64 bits, not '99999999999999999999'"},
    {"run|--seed|0x", "--seed needs a whole number of at most 64 bits, not '0x'"},
    {"run|--interval|soon", "--interval needs a time above 0, such as 1000 (milliseconds) or 1.5s, not 'soon'"},
    {"run|--interval|0", "--interval needs a time above 0, such as 1000 (milliseconds) or 1.5s, not '0'"},
    {"run|--report|pdfs=a", "--report: unknown kind 'pdfs', there are junit, json and html"},
    {"run|--report|junitt=a",
     "--report: unknown kind 'junitt', there are junit, json and html (did you mean 'junit'?)"},
    {"run|--report|junit", "--report: 'junit' names no file, write junit=PATH"},
    {"run|--report|json=", "--report: 'json=' names no file, write json=PATH"},
    {"run|--header|no colon", "--header needs 'NAME: VALUE', not 'no colon'"},
    {"run|--header|: value", "--header needs 'NAME: VALUE', not ': value'"},
    {"run|--header|A: b\r\nC: d", "--header: a line break in 'A'"},
    {"run|--cert|c.pem", "--cert and --key go together"},
    {"run|--insecure|--ca|c.pem", "--insecure and --ca exclude each other"},
    {"explain", "'gwspec explain' needs one id, see 'gwspec help explain'"},
    {"explain|S1|S2", "'gwspec explain' needs one id, see 'gwspec help explain'"},
    {"check", "'gwspec check' needs a file"},
    {"coverage|S6", "'gwspec coverage' takes no 'S6'"},
    {"help|rnu", "unknown command 'rnu' (did you mean 'run'?)"},
};

START_TEST(options_parse_tells_each_mistake) {
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        gw_options options;
        gw_buf message;
        ck_assert_msg(!parse(mistakes[i].line, &options, &message), "taken: %s", mistakes[i].line);
        ck_assert_str_eq(gw_buf_cstr(&message), mistakes[i].message);
        gw_options_deinit(&options);
        gw_buf_deinit(&message);
    }
}
END_TEST

START_TEST(options_parse_reads_a_whole_run) {
    gw_options o;
    gw_buf message;
    ck_assert_msg(parse("run|a/*|--target|t.yaml|-f|one|--fault=two|b|--jobs|8|--timeout-scale|1.5|--seed|0xff|"
                        "--interval|250|--strict|--report|junit=a=b.xml",
                        &o, &message),
                  "%s", gw_buf_cstr(&message));
    ck_assert_int_eq(o.command, GW_COMMAND_RUN);
    ck_assert_uint_eq(o.operands.count, 2);
    ck_assert_str_eq(o.operands.items[0], "a/*");
    ck_assert_str_eq(o.operands.items[1], "b");
    ck_assert_str_eq(o.target, "t.yaml");
    ck_assert_uint_eq(o.faults.count, 2);
    ck_assert_str_eq(o.faults.items[1], "two");
    ck_assert_uint_eq(o.jobs, 8);
    ck_assert_double_eq(o.timeout_scale, 1.5);
    ck_assert(o.has_seed && o.seed == 255);
    ck_assert_int_eq(o.interval, 250 * GW_MS);
    ck_assert(o.strict && !o.verbose);
    ck_assert_int_eq(o.report_list[0].kind, GW_REPORT_JUNIT);
    ck_assert_str_eq(o.report_list[0].path, "a=b.xml");
    gw_options_deinit(&o);
    gw_buf_deinit(&message);
}
END_TEST

START_TEST(options_parse_takes_what_follows_two_dashes_as_operand) {
    gw_options o;
    gw_buf message;
    ck_assert(parse("list|--|--strange", &o, &message));
    ck_assert_uint_eq(o.operands.count, 1);
    ck_assert_str_eq(o.operands.items[0], "--strange");
    gw_options_deinit(&o);
    gw_buf_deinit(&message);
}
END_TEST

START_TEST(options_parse_lets_help_win_over_mistakes_behind_it) {
    gw_options o;
    gw_buf message;
    ck_assert(parse("explain|--help", &o, &message));
    ck_assert(o.help);
    ck_assert_int_eq(o.command, GW_COMMAND_EXPLAIN);
    gw_options_deinit(&o);
    ck_assert(parse("--help", &o, &message));
    ck_assert_int_eq(o.command, GW_COMMAND_HELP);
    gw_options_deinit(&o);
    ck_assert(parse("--version", &o, &message));
    ck_assert_int_eq(o.command, GW_COMMAND_VERSION);
    gw_options_deinit(&o);
    gw_buf_deinit(&message);
}
END_TEST

START_TEST(options_rerun_repeats_what_matters_and_hides_header_values) {
    gw_options o;
    gw_buf message, out;
    ck_assert(parse("run|a|--target|my t.yaml|--fault|f|--interval|1.5s|--header|Cookie: secret|--strict|--verbose|"
                    "--jobs|3|--report|json=x",
                    &o, &message));
    gw_buf_init(&out, 1 << 16);
    gw_options_append_rerun(&o, 42, &out);
    ck_assert_str_eq(gw_buf_cstr(&out), "--target 'my t.yaml' --fault f --interval 1500ms --strict "
                                        "--header 'Cookie: ***' --seed 42");
    gw_buf_deinit(&out);
    gw_options_deinit(&o);
    gw_buf_deinit(&message);
}
END_TEST

START_TEST(options_help_names_every_option_of_its_command) {
    size_t count;
    const gw_option *table = gw_options_table(&count);
    for (int c = 0; c < GW_COMMAND_COUNT; c++) {
        gw_buf out;
        gw_buf_init(&out, 1 << 16);
        gw_options_append_help((gw_command)c, &out);
        for (size_t i = 0; i < count; i++) {
            char name[64] = "--";
            strcat(name, table[i].name);
            bool has = strstr(gw_buf_cstr(&out), table[i].help) != NULL;
            ck_assert_msg(has == ((table[i].commands >> c & 1) != 0), "%s of %s", name,
                          gw_options_command_word((gw_command)c));
            if (has) ck_assert_ptr_nonnull(strstr(gw_buf_cstr(&out), name));
        }
        gw_buf_deinit(&out);
    }
}
END_TEST

GW_TEST_MAIN("options", 10, options_parse_tells_each_mistake, options_parse_reads_a_whole_run,
             options_parse_takes_what_follows_two_dashes_as_operand,
             options_parse_lets_help_win_over_mistakes_behind_it,
             options_rerun_repeats_what_matters_and_hides_header_values, options_help_names_every_option_of_its_command)
