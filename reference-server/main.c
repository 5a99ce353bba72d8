/* gwspec-server: the reference gateway as a program. The only place that exits. */
#include "reference-server/server.h"

#include <stdio.h>

enum { MAX_TEXT_BYTES = 1 << 20 };

int main(int argc, char **argv) {
    gw_server_options options;
    gw_buf text;
    gw_buf_init(&text, MAX_TEXT_BYTES);
    gw_server_options_result result = gw_server_options_parse(argc, argv, &options, &text);
    int code = 0;
    if (result == GW_SERVER_OPTIONS_RUN) {
        code = gw_server_run(&options);
    } else {
        fputs(gw_buf_cstr(&text), result == GW_SERVER_OPTIONS_DONE ? stdout : stderr);
        code = result == GW_SERVER_OPTIONS_DONE ? 0 : GW_SERVER_BAD_FILE;
    }
    gw_arena_deinit(&options.arena);
    gw_buf_deinit(&text);
    return code;
}
