/* Test support: the virtual clock and the scripted server behind transcript.h. */
#include "support/transcript.h"

#include "wire/frame.h"
#include "wire/handshake.h"
#include "wire/message.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CONNS = 16, MAX_LATER = 16, MAX_LATER_BYTES = 512 };

typedef struct peer {
    bool open, upgraded, ended;
    gw_buf request;
    gw_frame_decoder decoder;
    gw_message message;
    gw_buf payload;
    gw_ns next_beat;
    uint32_t mask;
} peer;

/* What the server says some time after it was asked. */
typedef struct answer {
    gw_ns at;
    unsigned conn;
    uint8_t bytes[MAX_LATER_BYTES];
    size_t len;
} answer;

typedef struct stage {
    gw_engine *engine;
    gw_transcript_options options;
    peer peers[MAX_CONNS];
    unsigned canary, connections;
    bool client; /* the peers are clients */
    gw_ns now;
    answer later[MAX_LATER];
    size_t later_count;
} stage;

static gw_buf sent; /* of connection 0 */

gw_span gw_transcript_sent(void) {
    return gw_buf_span(&sent);
}

const char *gw_transcript_rule(const gw_result *result) {
    return result->finding_count && result->findings[0].rule ? result->findings[0].rule : "";
}

static gw_span read_file(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) ck_abort_msg("cannot open %s", path);
    fseek(f, 0, SEEK_END);
    size_t len = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(len + 1);
    ck_assert_uint_eq(fread(bytes, 1, len, f), len);
    fclose(f);
    return gw_span_make(bytes, len);
}

static void say_bytes(stage *s, unsigned conn, const void *bytes, size_t len) {
    uint8_t *copy = malloc(len + 1);
    memcpy(copy, bytes, len);
    gw_engine_on_bytes(s->engine, conn, copy, len, s->now);
    free(copy);
}

static void say_bytes_after(stage *s, unsigned conn, gw_span bytes, gw_ns pause) {
    if (!pause) {
        say_bytes(s, conn, bytes.ptr, bytes.len);
        return;
    }
    ck_assert_uint_lt(s->later_count, MAX_LATER);
    ck_assert_uint_le(bytes.len, MAX_LATER_BYTES);
    answer *l = &s->later[s->later_count++];
    *l = (answer){.at = s->now + pause, .conn = conn, .len = bytes.len};
    memcpy(l->bytes, bytes.ptr, bytes.len);
}

static void say_frame_after(stage *s, unsigned conn, unsigned opcode, gw_span payload, gw_ns pause) {
    gw_buf out;
    gw_buf_init(&out, payload.len + 64);
    gw_frame f = gw_frame_make(opcode, payload.len);
    f.masked = s->client;
    s->peers[conn].mask = s->peers[conn].mask * 2654435761u + 12345; /* no key tells of the next */
    memcpy(f.key, &s->peers[conn].mask, sizeof f.key);
    gw_frame_append(&out, &f, payload);
    say_bytes_after(s, conn, gw_buf_span(&out), pause);
    gw_buf_deinit(&out);
}

static void say_frame(stage *s, unsigned conn, unsigned opcode, gw_span payload) {
    say_frame_after(s, conn, opcode, payload, 0);
}

static void upgrade(stage *s, unsigned conn) {
    peer *p = &s->peers[conn];
    gw_head *head = malloc(sizeof *head);
    gw_head_init(head, GW_HEAD_REQUEST, GW_HEAD_MAX_BYTES, 0);
    if (gw_head_feed(head, gw_buf_span(&p->request)) == GW_HEAD_DONE &&
        (!s->options.no_upgrade || (conn == s->canary && s->options.upgrade_canary))) {
        gw_handshake_field extensions = {.name = GW_SPAN_LIT("Sec-WebSocket-Extensions")};
        gw_handshake_response response = {.key = gw_head_get(head, "Sec-WebSocket-Key")};
        if (s->options.extensions && conn != s->canary) {
            extensions.value = gw_span_cstr(s->options.extensions);
            response.fields = &extensions;
            response.field_count = 1;
        }
        gw_buf out;
        gw_buf_init(&out, 4096);
        gw_handshake_append_response(&out, &response);
        p->upgraded = true;
        if (s->options.beat_every) p->next_beat = s->now + s->options.beat_every;
        gw_span rest = gw_span_from(gw_buf_span(&p->request), head->length);
        if (conn == 0 && rest.len) gw_buf_append_span(&sent, rest);
        say_bytes_after(s, conn, gw_buf_span(&out), s->options.upgrade_after);
        gw_buf_deinit(&out);
        if (conn == s->canary)
            say_frame_after(s, conn, GW_FRAME_TEXT, GW_SPAN_LIT("{\"e\":0,\"d\":{\"heartbeatInterval\":1000}}"),
                            s->options.upgrade_after + s->options.canary_after);
    }
    free(head);
}

/* A client reads the answer; false: it is not complete. */
static bool read_answer(stage *s, unsigned conn, gw_span *bytes) {
    peer *p = &s->peers[conn];
    gw_buf_append_span(&p->request, *bytes);
    const char *end = strstr(gw_buf_cstr(&p->request), "\r\n\r\n");
    p->upgraded = end != NULL;
    if (!end) return false;
    *bytes = gw_span_from(gw_buf_span(&p->request), (size_t)(end + 4 - gw_buf_cstr(&p->request)));
    if (s->options.beat_every) p->next_beat = s->now + s->options.beat_every;
    return true;
}

static void connect_client(stage *s, unsigned conn) {
    static const char right[] = "GET /gateway HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ%c==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    char request[512];
    if (s->options.max_connections && s->connections >= s->options.max_connections) return;
    snprintf(request, sizeof request, right, "Qgw"[s->connections % 3]);
    s->connections++;
    const char *text = s->options.request ? s->options.request : request;
    gw_engine_on_incoming(s->engine, s->now);
    gw_engine_on_open(s->engine, conn, s->now);
    say_bytes(s, conn, text, strlen(text));
}

static void answer_ping(stage *s, unsigned conn) {
    peer *p = &s->peers[conn];
    if (p->message.control_opcode != GW_FRAME_PING || s->options.no_pong || p->ended) return;
    gw_span data = gw_message_control_span(&p->message);
    say_frame_after(s, conn, GW_FRAME_PONG, s->options.other_pongs ? GW_SPAN_LIT("other") : data,
                    s->options.pong_after);
}

static void hear(stage *s, unsigned conn, gw_span bytes) {
    peer *p = &s->peers[conn];
    if (!p->upgraded && s->client) {
        if (!read_answer(s, conn, &bytes)) return;
    } else if (!p->upgraded) {
        gw_buf_append_span(&p->request, bytes);
        upgrade(s, conn);
        return;
    }
    if (conn == 0) gw_buf_append_span(&sent, bytes);
    uint8_t *copy = malloc(bytes.len + 1), *at = copy;
    memcpy(copy, bytes.ptr, bytes.len);
    for (size_t left = bytes.len;;) {
        gw_frame_event event = gw_frame_decoder_next(&p->decoder, at, left);
        at += event.consumed;
        left -= event.consumed;
        if (event.kind == GW_FRAME_NEED_MORE || event.kind == GW_FRAME_STOPPED) break;
        if (gw_message_take(&p->message, &p->decoder, &event) == GW_MESSAGE_CONTROL) answer_ping(s, conn);
    }
    free(copy);
}

static bool act(stage *s) {
    static const gw_endpoint endpoint = {.host = "test", .target = "/gateway"};
    gw_action a;
    if (!gw_engine_next(s->engine, &a)) return false;
    cJSON *vars = NULL;
    switch (a.kind) {
    case GW_ACTION_PROVISION:
        vars = cJSON_CreateObject();
        cJSON_AddStringToObject(vars, "id", a.participant);
        gw_engine_on_provisioned(s->engine, a.conn, &endpoint, vars, NULL, s->now);
        cJSON_Delete(vars);
        break;
    case GW_ACTION_ACCEPT:
        connect_client(s, a.conn);
        break;
    case GW_ACTION_OPEN:
        if (a.conn == s->canary && s->options.no_canary)
            gw_engine_on_open_failed(s->engine, a.conn, "connection refused", s->now);
        else
            gw_engine_on_open(s->engine, a.conn, s->now);
        break;
    case GW_ACTION_SEND: {
        gw_buf copy;
        gw_buf_init(&copy, a.bytes.len);
        gw_buf_append_span(&copy, a.bytes);
        gw_engine_on_sent(s->engine, a.conn, s->now);
        hear(s, a.conn, gw_buf_span(&copy));
        gw_buf_deinit(&copy);
        break;
    }
    case GW_ACTION_TRIGGER:
        for (unsigned i = 0; s->options.on_trigger && i < s->canary; i++)
            if (s->peers[i].upgraded && !s->peers[i].ended)
                say_frame(s, i, GW_FRAME_TEXT, gw_span_cstr(s->options.on_trigger));
        gw_engine_on_triggered(s->engine, a.trigger, NULL, s->options.trigger_fails ? "refused" : NULL, s->now);
        break;
    default:
        break;
    }
    return true;
}

static void say(stage *s, const gw_said *line) {
    uint8_t code[2] = {(uint8_t)(line->code >> 8), (uint8_t)line->code};
    switch (line->kind) {
    case GW_SAID_TEXT:
        say_frame(s, line->conn, GW_FRAME_TEXT, gw_span_cstr(line->text));
        break;
    case GW_SAID_BYTES:
        say_bytes(s, line->conn, line->text, line->len ? line->len : strlen(line->text));
        break;
    case GW_SAID_CLOSE:
        s->peers[line->conn].ended = true;
        say_frame(s, line->conn, GW_FRAME_CLOSE, gw_span_make(code, line->code ? 2 : 0));
        break;
    case GW_SAID_FIN:
    case GW_SAID_RST:
        s->peers[line->conn].ended = true;
        gw_engine_on_closed(s->engine, line->conn, line->kind == GW_SAID_FIN ? GW_ENDING_FIN : GW_ENDING_RST, s->now);
        break;
    case GW_SAID_EXIT:
        gw_engine_on_client_exit(s->engine, line->code ? "exited with code 1" : "exited with code 0", line->code != 0,
                                 s->now);
        break;
    case GW_SAID_LATE:
        gw_engine_note_lateness(s->engine, line->late, s->now);
        break;
    }
}

static gw_ns next_beat(const stage *s) {
    gw_ns next = GW_NEVER;
    for (unsigned i = 0; i < s->canary; i++)
        if (s->peers[i].upgraded && !s->peers[i].ended && s->peers[i].next_beat && s->peers[i].next_beat < next)
            next = s->peers[i].next_beat;
    return next;
}

static void beat(stage *s) {
    for (unsigned i = 0; i < s->canary; i++) {
        if (s->peers[i].ended || s->peers[i].next_beat != s->now) continue;
        s->peers[i].next_beat += s->options.beat_every;
        say_frame(s, i, GW_FRAME_TEXT, GW_SPAN_LIT("{\"e\":1,\"d\":{}}"));
    }
}

/* The earliest that is still to be said, NULL: none. */
static answer *next_later(stage *s) {
    answer *next = NULL;
    for (size_t i = 0; i < s->later_count; i++)
        if (s->later[i].at != GW_NEVER && (!next || s->later[i].at < next->at)) next = &s->later[i];
    return next;
}

/* Words of the server come before a deadline of the same moment, as the driver's contract has it. */
static void play(stage *s, const gw_said *said, size_t count) {
    size_t next = 0;
    for (unsigned turns = 0; turns < 1000000; turns++) {
        while (act(s)) continue;
        if (gw_engine_result(s->engine)) return;
        gw_ns said_at = next < count ? said[next].at : GW_NEVER, beat_at = next_beat(s);
        answer *later = next_later(s);
        gw_ns due = gw_engine_deadline(s->engine);
        if (due != GW_NEVER) due += s->options.late_by;
        gw_ns at = said_at < beat_at ? said_at : beat_at;
        if (later && later->at < at) at = later->at;
        if (due < at) at = due;
        if (at == GW_NEVER) ck_abort_msg("the scenario waits for ever");
        if (at > s->now) s->now = at;
        if (said_at <= at)
            say(s, &said[next++]);
        else if (later && later->at <= at) {
            later->at = GW_NEVER;
            if (!s->peers[later->conn].ended) say_bytes(s, later->conn, later->bytes, later->len);
        } else if (beat_at <= at)
            beat(s);
        else
            gw_engine_on_tick(s->engine, s->now);
    }
    ck_abort_msg("the scenario does not come to an end");
}

static const gw_scenario *find(const gw_suite *suite, const char *id) {
    for (size_t i = 0; i < suite->count; i++)
        if (strcmp(suite->scenarios[i]->id, id) == 0) return suite->scenarios[i];
    ck_abort_msg("no scenario has the id %s", id);
    return NULL;
}

static gw_result *run(gw_span yaml, const char *family, const char *id, uint64_t seed, const gw_said *said,
                      size_t count, gw_transcript_options options) {
    gw_diag diag;
    gw_arena arena;
    gw_requirements requirements;
    gw_suite suite;
    gw_diag_init(&diag);
    gw_arena_init(&arena);
    gw_requirements_init(&requirements);
    gw_span text = read_file("scenarios/protocols/gateway.yaml");
    const gw_protocol *protocol = gw_protocol_load(&arena, text, "gateway.yaml", &diag);
    free((void *)text.ptr);
    static const char *const catalogues[] = {"scenarios/requirements/gateway.yaml",
                                             "scenarios/requirements/rfc6455.yaml"};
    for (size_t i = 0; i < 2; i++) {
        text = read_file(catalogues[i]);
        gw_requirements_load(&requirements, text, catalogues[i], &diag);
        free((void *)text.ptr);
    }
    gw_suite_init(&suite, protocol, &requirements);
    if (diag.errors || gw_suite_load(&suite, yaml, family, "case.yaml", &diag) != GW_OK)
        ck_abort_msg("%s", gw_buf_cstr(&diag.text));
    const gw_scenario *scenario = find(&suite, id);
    gw_engine_config config = {.scenario = scenario,
                               .protocol = protocol,
                               .requirements = &requirements,
                               .seed = seed,
                               .timeout_scale = 1,
                               .no_deadlines = options.no_deadlines,
                               .watches_client = scenario->role == GW_ROLE_CLIENT,
                               .memory = options.memory};
    stage s = {.engine = gw_engine_create(&config), .options = options, .canary = (unsigned)scenario->client_count};
    s.client = scenario->role == GW_ROLE_CLIENT;
    ck_assert_uint_lt(s.canary, MAX_CONNS);
    gw_buf_deinit(&sent);
    gw_buf_init(&sent, 64 << 20);
    for (unsigned i = 0; i <= s.canary; i++) {
        gw_buf_init(&s.peers[i].request, 1 << 20);
        gw_buf_init(&s.peers[i].payload, 64 << 20);
        gw_frame_decoder_init(&s.peers[i].decoder, true);
        gw_message_init(&s.peers[i].message, &s.peers[i].payload);
    }
    gw_engine_start(s.engine, 0);
    play(&s, said, count);
    if (options.bytes_at_end) *options.bytes_at_end = options.memory->bytes;
    gw_result *result = gw_engine_take_result(s.engine);
    result->scenario = NULL; /* it ends with the suite, and so do the ids */
    for (size_t i = 0; i < result->finding_count; i++) {
        gw_finding *f = (gw_finding *)&result->findings[i];
        if (f->rule) f->rule = gw_arena_strdup(result->arena, f->rule);
    }
    for (unsigned i = 0; i <= s.canary; i++) {
        gw_buf_deinit(&s.peers[i].request);
        gw_buf_deinit(&s.peers[i].payload);
    }
    gw_engine_destroy(s.engine);
    gw_suite_deinit(&suite);
    gw_requirements_deinit(&requirements);
    gw_arena_deinit(&arena);
    gw_diag_deinit(&diag);
    return result;
}

gw_result *gw_transcript_run(const char *yaml, const gw_said *said, size_t count, gw_transcript_options options) {
    return run(gw_span_cstr(yaml), "test/case", "test/case", 1, said, count, options);
}

/* ---- records ---- */

enum { MAX_PIECES = 256, MAX_PIECE_BYTES = 4096 };

static size_t read_hex(const char *hex, uint8_t *out) {
    size_t n = 0;
    unsigned byte;
    for (; n < MAX_PIECE_BYTES && sscanf(hex + 2 * n, "%2x", &byte) == 1; n++) out[n] = (uint8_t)byte;
    return n;
}

static size_t read_record(const char *path, gw_transcript_record *record, unsigned long long *seed, gw_said *said,
                          uint8_t (*pieces)[MAX_PIECE_BYTES]) {
    static char line[2 * MAX_PIECE_BYTES + 64], word[2 * MAX_PIECE_BYTES];
    size_t count = 0;
    FILE *f = fopen(path, "r");
    if (!f) ck_abort_msg("cannot open %s", path);
    while (fgets(line, sizeof line, f)) {
        unsigned conn;
        long long at;
        if (sscanf(line, "scenario %127s", record->scenario) == 1 || sscanf(line, "seed %llu", seed) == 1) continue;
        if (sscanf(line, "verdict %31s", record->verdict) == 1 || sscanf(line, "rule %47s", record->rule) == 1)
            continue;
        if (line[0] == '#' || sscanf(line, "%u %lld %8191s", &conn, &at, word) != 3) continue;
        ck_assert_uint_lt(count, MAX_PIECES);
        gw_said *s = &said[count];
        *s = (gw_said){.at = at, .conn = conn};
        if (strcmp(word, "FIN") == 0)
            s->kind = GW_SAID_FIN;
        else if (strcmp(word, "RST") == 0)
            s->kind = GW_SAID_RST;
        else {
            s->kind = GW_SAID_BYTES;
            s->len = read_hex(word, pieces[count]);
            s->text = (const char *)pieces[count];
        }
        count++;
    }
    fclose(f);
    if (strcmp(record->rule, "-") == 0) record->rule[0] = 0;
    return count;
}

/* "close/codes/1012" stands in scenarios/close/codes.yaml. */
static gw_span read_scenario(const char *id, char family[128]) {
    char path[256];
    snprintf(family, 128, "%s", id);
    for (;;) {
        snprintf(path, sizeof path, "scenarios/%s.yaml", family);
        FILE *f = fopen(path, "rb");
        if (f) {
            fclose(f);
            return read_file(path);
        }
        char *slash = strrchr(family, '/');
        if (!slash) ck_abort_msg("no file has the scenario %s", id);
        *slash = 0;
    }
}

void gw_transcript_replay(const char *path, gw_transcript_record *record) {
    static gw_said said[MAX_PIECES];
    static uint8_t pieces[MAX_PIECES][MAX_PIECE_BYTES];
    char family[128];
    unsigned long long seed = 0;
    *record = (gw_transcript_record){0};
    size_t count = read_record(path, record, &seed, said, pieces);
    ck_assert_uint_gt(count, 0);
    gw_span yaml = read_scenario(record->scenario, family);
    record->result = run(yaml, family, record->scenario, seed, said, count,
                         (gw_transcript_options){.no_upgrade = true, .no_pong = true});
    free((void *)yaml.ptr);
}
