/* Floor 5: the starter file of gwspec init. Whoever opens it sees every section, and changes only what is needed. */
#include "cli/init.h"

#include "net/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As it is expanded, "${" stands for itself; inside double quotes of YAML. */
static void append_quoted(gw_buf *out, const char *text, bool is_template) {
    gw_buf_append_byte(out, '"');
    for (const char *p = text; *p; p++) {
        if (is_template && p[0] == '$' && p[1] == '{') gw_buf_append_byte(out, '$');
        if (*p == '"' || *p == '\\') gw_buf_append_byte(out, '\\');
        if ((uint8_t)*p < 0x20 || *p == 0x7f)
            gw_buf_printf(out, "\\x%02x", (unsigned)(uint8_t)*p);
        else
            gw_buf_append_byte(out, (uint8_t)*p);
    }
    gw_buf_append_byte(out, '"');
}

/* A comment stays one line, whatever the gateway said. */
static void append_comment(gw_buf *out, const char *text) {
    for (const char *p = text; *p; p++) gw_buf_append_byte(out, (uint8_t)*p < 0x20 || *p == 0x7f ? '?' : (uint8_t)*p);
}

char *gw_init_schema_path(const char *kind) {
    char program[4096], *path = NULL;
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    if (len <= 0) return NULL;
    program[len] = '\0';
    *strrchr(program, '/') = '\0';
    if (asprintf(&path, "%s/../share/gwspec/scenarios/schema/%s.schema.json", program, kind) < 0) return NULL;
    char *real = realpath(path, NULL);
    free(path);
    return real;
}

/* As a target file names it: a name, or a path that holds from the folder of the file that is written. */
static void append_protocol(const gw_options *options, const gw_protocol *protocol, gw_buf *out) {
    bool beside = !options->output || !strchr(options->output, '/');
    bool is_file = gw_protocol_is_file(options->protocol);
    char *real = is_file && !beside ? realpath(options->protocol, NULL) : NULL;
    gw_buf_append_cstr(out, "\nprotocol: ");
    if (is_file)
        append_quoted(out, real ? real : options->protocol, false);
    else
        gw_buf_append_cstr(out, protocol->name);
    gw_buf_append_cstr(out, "                # or a file of your own beside this one: my-protocol.yaml\n\n");
    free(real);
}

#define MISSING ".\n# Does it want a cookie, a token or a room? See 'connect' and 'fixtures' below.\n"

/* Who closes in place of hello mostly says what is missing. */
static void append_closing(const gw_init_look *look, gw_buf *out) {
    if (look->hello || !look->closing[0]) return;
    gw_buf_append_cstr(out, look->message[0] ? "# Then it sent a Close: " : "it upgrades, and sends a Close: ");
    append_comment(out, look->closing);
    gw_buf_append_cstr(out, MISSING);
}

static void append_look(const gw_init_look *look, const gw_protocol *protocol, gw_buf *out) {
    char ms[48];
    gw_buf_append_cstr(out, "# A first look: ");
    if (!look->reached) {
        gw_buf_append_cstr(out, "no connection (");
        append_comment(out, look->answer);
        gw_buf_append_cstr(out, ").\n");
    } else if (!look->upgraded) {
        gw_buf_append_cstr(out, "no upgrade");
        if (look->answer[0]) {
            gw_buf_append_cstr(out, ", the answer was: ");
            append_comment(out, look->answer);
        }
        gw_buf_append_cstr(out, MISSING);
    } else if (look->hello) {
        gw_buf_printf(out, "hello of the protocol %s after %s", protocol->name,
                      gw_time_format_ms(look->hello_after, ms, sizeof ms));
        if (look->interval)
            gw_buf_printf(out, ", a heartbeat every %s", gw_time_format_ms(look->interval, ms, sizeof ms));
        gw_buf_append_cstr(out, ".\n# It said: ");
        append_comment(out, look->message);
        gw_buf_append_byte(out, '\n');
    } else if (look->message[0]) {
        gw_buf_append_cstr(out, "the first message is the hello of no protocol that gwspec knows:\n# ");
        append_comment(out, look->message);
        gw_buf_append_cstr(out, "\n# Describe yours in a file, and name it below: docs/protocol-format.md.\n");
    } else if (!look->closing[0]) {
        gw_buf_append_cstr(out, "it upgrades, and says nothing.\n");
    }
    append_closing(look, out);
}

static void append_head(const gw_options *options, const gw_address_url *parts, const gw_init_look *look,
                        const gw_protocol *protocol, gw_buf *out) {
    char *schema = gw_init_schema_path("target");
    if (schema) gw_buf_printf(out, "# yaml-language-server: $schema=%s\n", schema);
    free(schema);
    gw_buf_append_cstr(out,
                       "# Who is tested, and how: gwspec run --target FILE. Validate your changes: gwspec check FILE.\n"
                       "# All that can be written here: docs/target-format.md. Lines behind '#' are examples.\n");
    append_look(look, protocol, out);
    gw_buf_append_cstr(out, "\ntarget: ");
    append_quoted(out, parts->socket_path ? parts->socket_path : parts->authority, false);
    append_protocol(options, protocol, out);
}

static void append_env_name(gw_buf *out, const char *header, size_t len) {
    gw_buf_append_cstr(out, "GWSPEC_");
    for (size_t i = 0; i < len; i++)
        gw_buf_append_byte(out, isalnum((unsigned char)header[i]) ? (uint8_t)toupper((unsigned char)header[i]) : '_');
}

static void append_tls_file(gw_buf *out, const char *key, const char *path, bool *first) {
    if (!path) return;
    char *real = realpath(path, NULL);
    gw_buf_printf(out, "%s%s: ", *first ? "" : ", ", key);
    append_quoted(out, real ? real : path, false);
    free(real);
    *first = false;
}

static void append_connect(const gw_options *options, const char *url, gw_buf *out) {
    gw_buf_append_cstr(out, "connect:\n  url: ");
    append_quoted(out, url, true);
    gw_buf_append_byte(out, '\n');
    if (options->headers.count) {
        gw_buf_append_cstr(out, "  headers:                          # values of the environment are never printed\n");
        for (size_t i = 0; i < options->headers.count; i++) {
            const char *header = options->headers.items[i];
            size_t len = strcspn(header, ":");
            gw_buf_printf(out, "    %.*s: \"${env.", (int)len, header);
            append_env_name(out, header, len);
            gw_buf_append_cstr(out, "}\"\n");
        }
    } else {
        gw_buf_append_cstr(
            out, "  # headers: {Authorization: \"Bearer ${env.TOKEN}\"}   # of the environment, never printed\n");
    }
    gw_buf_append_cstr(out, "  # query: {room: \"${room.id}\"}                        # what fixtures captured\n"
                            "  # cookies: {session: \"${participant.secret}\"}\n"
                            "  # origin: https://chat.example\n"
                            "  # subprotocol: chat.v1\n");
    if (!options->insecure && !options->ca && !options->cert && !options->sni) return;
    bool first = true;
    gw_buf_append_cstr(out, "tls: {");
    append_tls_file(out, "ca", options->ca, &first);
    append_tls_file(out, "cert", options->cert, &first);
    append_tls_file(out, "key", options->key, &first);
    if (options->sni) gw_buf_printf(out, "%ssni: ", first ? "" : ", ");
    if (options->sni) append_quoted(out, options->sni, false);
    first &= !options->sni;
    if (options->insecure) gw_buf_printf(out, "%sinsecure: true", first ? "" : ", ");
    gw_buf_append_cstr(out, "}\n");
}

static const char START[] =
    "\n# Let gwspec start your gateway, and start it again when a scenario killed it. ${port} is a free port: use it "
    "in the URL above.\n"
    "# start:\n"
    "#   command: [node, server.js]\n"
    "#   env: {PORT: \"${port}\"}\n"
    "#   cwd: .                                       # beside this file\n"
    "#   ready: {port: \"${port}\", within: 10s}        # or {http: URL}, or {line: 'listening on (?<where>\\S+)'}\n"
    "#   log: server.log\n"
    "\n# What has to be there before a client may connect: once for each run, scenario, room or participant. Without "
    "it all scenarios\n"
    "# share one room, one after another.\n"
    "# fixtures:\n"
    "#   room:\n"
    "#     - http: {post: \"http://127.0.0.1:${port}/rooms\", json: {name: \"${uuid}\"}, status: 201, capture: {id: "
    "{json: /id}}}\n"
    "#   participant:\n"
    "#     - http: {post: \"http://127.0.0.1:${port}/rooms/${room.id}/members\", json: {name: \"${client}\"},\n"
    "#              capture: {id: {json: /id}, secret: {cookie: session}}}\n"
    "# cleanup:\n"
    "#   room:\n"
    "#     - http: {delete: \"http://127.0.0.1:${port}/rooms/${room.id}\", status: [204, 404]}\n";

static void append_triggers(const gw_protocol *protocol, gw_buf *out) {
    static const char HEAD[] =
        "\n# How to make your gateway send each event; what is not here is skipped, and the summary says so.\n"
        "# By your own field names: json: {text: \"${data.content}\"}. 'cookies-of: by' sends the cookies of who "
        "causes it.\n"
        "# triggers:\n";
    bool any = false;
    for (size_t i = 0; i < protocol->event_count; i++) {
        const gw_event *event = &protocol->events[i];
        if (!event->broadcast) continue;
        if (!any) gw_buf_append_cstr(out, HEAD);
        any = true;
        gw_buf_printf(out,
                      "#   %s:\n#     http: {post: \"http://127.0.0.1:${port}/rooms/${room.id}/%s\", cookies-of: by, "
                      "json: \"${data}\"}\n",
                      event->name, event->name);
    }
}

static void append_knobs(const gw_protocol *protocol, gw_buf *out) {
    gw_buf_append_cstr(
        out, "\n# What your gateway does where the document leaves it open, so that it is judged by it.\n# knobs:\n");
    for (int knob = 0; knob < GW_KNOB_COUNT; knob++)
        gw_buf_printf(out, "#   %s: %-*s # %s\n", gw_knob_key((gw_knob)knob),
                      26 - (int)strlen(gw_knob_key((gw_knob)knob)), protocol->knobs.value[knob],
                      gw_knob_words((gw_knob)knob));
}

void gw_init_append_target(const gw_options *options, const char *url, const gw_address_url *parts,
                           const gw_init_look *look, const gw_protocol *protocol, gw_buf *out) {
    append_head(options, parts, look, protocol, out);
    append_connect(options, url, out);
    gw_buf_append_cstr(out, START);
    append_triggers(protocol, out);
    append_knobs(protocol, out);
    gw_buf_append_cstr(
        out, "\n# limits: {jobs: 16}                             # scenarios at once, when all at once are too many\n"
             "\n# Failures that are known do not fail the run; one that passes does. gwspec run "
             "--write-expected-failures FILE lists them.\n"
             "# expected-failures:\n"
             "#   - {scenario: \"handshake/no-host\", reason: \"ticket 17\"}\n");
}
