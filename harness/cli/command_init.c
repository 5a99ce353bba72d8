/* Floor 5: gwspec init: a target file to start from. gwspec schema: what an editor needs to complete keys. */
#include "cli/commands.h"

#include "cli/init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_FILE "target.yaml"

/* Never over an existing file; false: the reason is printed. */
static bool write_new(const char *path, gw_span text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST) {
        gw_console_error("%s exists already: it is left as it is; --output FILE chooses another name", path);
        return false;
    }
    bool good = fd >= 0;
    for (size_t done = 0; good && done < text.len;) {
        ssize_t n = write(fd, text.ptr + done, text.len - done);
        good = n > 0;
        done += good ? (size_t)n : 0;
    }
    if (!good) gw_console_error("%s: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    return good;
}

/* What was seen, and what to do next. */
static bool tell(const gw_init_look *look, const char *path) {
    gw_buf text;
    char ms[48];
    gw_buf_init(&text, 1 << 16);
    if (!look->reached)
        gw_buf_printf(&text, "no connection: %s\n", look->answer);
    else if (!look->upgraded)
        gw_buf_printf(&text, "no upgrade%s%s\n", look->answer[0] ? ": " : "", look->answer);
    else if (!look->hello)
        gw_buf_printf(&text, "connected, and no known hello came%s%s%s%s\n", look->message[0] ? ": " : "",
                      look->message, look->closing[0] ? "; it sent a Close: " : "", look->closing);
    else
        gw_buf_printf(&text, "connected: hello of the protocol %s%s%s\n", look->protocol,
                      look->interval ? ", a heartbeat every " : "",
                      look->interval ? gw_time_format_ms(look->interval, ms, sizeof ms) : "");
    gw_buf_printf(&text, "wrote %s; next: gwspec run --target %s\n", path, path);
    bool good = gw_console_write(gw_buf_span(&text));
    gw_buf_deinit(&text);
    return good;
}

static bool make_file(const gw_options *options, const char *url, const gw_address_url *parts, const char *path) {
    gw_init_look look;
    gw_catalogue catalogue;
    gw_diag diag;
    gw_diag_init(&diag);
    if (!gw_console_write(gw_span_cstr(GW_INIT_WAITS))) return false;
    if (!gw_init_look_at(options, url, &look)) return false;
    gw_catalogue_source source = {.protocol_name = look.protocol, .protocol_file = options->protocol};
    bool good = gw_catalogue_load_tables(&catalogue, source, &diag) == GW_OK;
    gw_console_diag(&diag);
    gw_diag_deinit(&diag);
    gw_buf text;
    gw_buf_init(&text, 1 << 20);
    if (good) gw_init_append_target(options, url, parts, &look, catalogue.protocol, &text);
    good = good && write_new(path, gw_buf_span(&text)) && tell(&look, path);
    gw_buf_deinit(&text);
    gw_catalogue_deinit(&catalogue);
    return good;
}

int gw_command_init(const gw_options *options) {
    const char *url = options->operands.items[0], *path = options->output ? options->output : DEFAULT_FILE;
    gw_address_url parts = {0};
    gw_error error = {0};
    if (access(path, F_OK) == 0) { /* before the gateway is bothered */
        write_new(path, (gw_span){0});
        return GW_EXIT_USAGE;
    }
    gw_status status = gw_address_url_parse(gw_span_cstr(url), &parts, &error);
    bool good = status == GW_OK && parts.scheme == GW_ADDRESS_WS;
    if (status != GW_OK)
        gw_console_error("%s", error.text);
    else if (!good)
        gw_console_error("the address of a gateway starts with ws:// or wss://, not '%s'", url);
    else
        good = make_file(options, url, &parts, path);
    gw_address_url_deinit(&parts);
    return good ? GW_EXIT_OK : GW_EXIT_USAGE;
}

int gw_command_schema(const gw_options *options) {
    static const char *const KINDS[] = {"target", "protocol", "scenario"};
    const size_t count = sizeof KINDS / sizeof KINDS[0];
    const char *kind = options->operands.items[0];
    size_t i = 0;
    while (i < count && strcmp(kind, KINDS[i]) != 0) i++;
    if (i == count) {
        const char *meant = gw_diag_suggest(gw_span_cstr(kind), KINDS, count);
        gw_console_error("there is no schema of '%s': there are target, protocol and scenario%s%s%s", kind,
                         meant ? " (did you mean '" : "", meant ? meant : "", meant ? "'?)" : "");
        return GW_EXIT_USAGE;
    }
    char path[64] = "schema/";
    strcat(strcat(path, kind), ".schema.json");
    return gw_console_write(gw_files_embedded(path)) ? GW_EXIT_OK : GW_EXIT_INTERNAL;
}
