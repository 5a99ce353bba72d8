/* gwspec: tests whether a WebSocket gateway keeps its protocol. Floor 5. */
#include "cli/commands.h"

#include <string.h>

static int print(gw_buf *text) {
    return gw_console_write(gw_buf_span(text)) ? GW_EXIT_OK : GW_EXIT_INTERNAL;
}

static int command_help(const gw_options *options, gw_buf *text) {
    for (int i = 0; options->operands.count == 1 && i < GW_COMMAND_COUNT; i++)
        if (strcmp(options->operands.items[0], gw_options_command_word((gw_command)i)) == 0)
            gw_options_append_help((gw_command)i, text);
    if (text->len == 0) gw_options_append_usage(text);
    return print(text);
}

static int dispatch(const gw_options *options, gw_buf *text) {
    if (options->help) {
        gw_options_append_help(options->command, text);
        return print(text);
    }
    switch (options->command) {
    case GW_COMMAND_RUN:
    case GW_COMMAND_CLIENT:
        return gw_command_run(options);
    case GW_COMMAND_INIT:
        return gw_command_init(options);
    case GW_COMMAND_SCHEMA:
        return gw_command_schema(options);
    case GW_COMMAND_LIST:
        return gw_command_list(options);
    case GW_COMMAND_EXPLAIN:
        return gw_command_explain(options);
    case GW_COMMAND_COVERAGE:
        return gw_command_coverage(options);
    case GW_COMMAND_CHECK:
        return gw_command_check(options);
    case GW_COMMAND_FUZZ_CONVERT:
        return gw_command_fuzz_convert(options);
    case GW_COMMAND_HELP:
        return command_help(options, text);
    case GW_COMMAND_VERSION:
        gw_buf_printf(text, "gwspec %s\n", GWSPEC_VERSION);
        return print(text);
    case GW_COMMAND_COUNT:
        break;
    }
    return GW_EXIT_INTERNAL;
}

int main(int argc, char **argv) {
    gw_options options;
    gw_buf text;
    gw_buf_init(&text, 1 << 20);
    int exit_code = GW_EXIT_USAGE;
    if (gw_options_parse(argc, argv, &options, &text))
        exit_code = dispatch(&options, &text);
    else
        gw_console_error("%s", gw_buf_cstr(&text));
    gw_options_deinit(&options);
    gw_buf_deinit(&text);
    return exit_code;
}
