/* How a target's server is started, known to be ready, and stopped. Floor 3. It starts nothing itself. */
#include "scenario/target_load.h"

#include <signal.h>
#include <string.h>

#define GW_TARGET_READY_WITHIN (10 * GW_S)
#define GW_TARGET_STOP_WITHIN  (5 * GW_S)

static void load_ready(gw_target_loader *loader, const gw_doc_node *node, gw_target_ready *out) {
    static const char *const KEYS[] = {"line", "port", "http", "within"};
    out->within = GW_TARGET_READY_WITHIN;
    if (!gw_doc_expect_keys(loader->diag, node, KEYS, 4, "ready")) return;
    const gw_doc_node *line = gw_doc_get(node, "line"), *port = gw_doc_get(node, "port"),
                      *http = gw_doc_get(node, "http"), *within = gw_doc_get(node, "within");
    if (within) gw_doc_expect_duration(loader->diag, within, &out->within);
    if (!!line + !!port + !!http != 1) {
        gw_doc_error(
            loader->diag, node,
            "ready needs exactly one of line (a line of output), port (that accepts) and http (a URL that answers)");
    } else if (line) {
        out->kind = GW_TARGET_READY_LINE;
        out->pattern = gw_target_regex(loader, line, &loader->ready);
    } else if (port) {
        out->kind = GW_TARGET_READY_PORT;
        out->port = gw_target_template(loader, port, 0, "a port");
    } else {
        out->kind = GW_TARGET_READY_HTTP;
        out->url = gw_target_template(loader, http, 0, "a URL");
    }
}

static void load_stop(gw_target_loader *loader, const gw_doc_node *node, gw_target_start *out) {
    static const char *const KEYS[] = {"signal", "within"};
    static const char *const SIGNALS[] = {"TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL"};
    static const int NUMBERS[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGKILL};
    if (!gw_doc_expect_keys(loader->diag, node, KEYS, 2, "stop")) return;
    const gw_doc_node *name = gw_doc_get(node, "signal"), *within = gw_doc_get(node, "within");
    size_t which;
    if (name && gw_doc_expect_word(loader->diag, name, SIGNALS, 7, "signal", &which)) out->stop_signal = NUMBERS[which];
    if (within) gw_doc_expect_duration(loader->diag, within, &out->stop_within);
}

static void load_options(gw_target_loader *loader, const gw_doc_node *node, gw_target_start *out) {
    static const char *const KEYS[] = {"interval", "fault", "protocol"};
    if (!gw_doc_expect_keys(loader->diag, node, KEYS, 3, "options")) return;
    const gw_doc_node *interval = gw_doc_get(node, "interval"), *fault = gw_doc_get(node, "fault"),
                      *protocol = gw_doc_get(node, "protocol");
    if (interval) out->interval_option = gw_target_plain(loader, interval, "an option");
    if (fault) out->fault_option = gw_target_plain(loader, fault, "an option");
    if (protocol) out->protocol_option = gw_target_plain(loader, protocol, "an option");
}

void gw_target_load_start(gw_target_loader *loader, const gw_doc_node *node, gw_target_start *out) {
    static const char *const KEYS[] = {"command", "env", "cwd", "ready", "stop", "restart", "log", "options"};
    out->stop_signal = SIGTERM;
    out->stop_within = GW_TARGET_STOP_WITHIN;
    out->restart = true;
    loader->has_start = true;
    if (!gw_doc_expect_keys(loader->diag, node, KEYS, sizeof KEYS / sizeof KEYS[0], "start")) return;
    if (!gw_doc_require(loader->diag, node, "command", "start") ||
        !gw_doc_require(loader->diag, node, "ready", "start"))
        return;
    out->command = gw_target_command(loader, gw_doc_get(node, "command"), GW_TARGET_ROOT_START);
    out->env = gw_target_template_map(loader, gw_doc_get(node, "env"), 0, false, "env");
    load_ready(loader, gw_doc_get(node, "ready"), &out->ready);
    const gw_doc_node *cwd = gw_doc_get(node, "cwd"), *log = gw_doc_get(node, "log"), *stop = gw_doc_get(node, "stop"),
                      *restart = gw_doc_get(node, "restart"), *options = gw_doc_get(node, "options");
    if (cwd) out->cwd = gw_target_plain(loader, cwd, "cwd");
    if (log) out->log = gw_target_plain(loader, log, "log");
    if (stop) load_stop(loader, stop, out);
    if (restart && gw_doc_expect_kind(loader->diag, restart, GW_DOC_BOOL, "restart")) out->restart = restart->boolean;
    if (options) load_options(loader, options, out);
}
