/* The reference server's events are those of the protocol description. */
#include "protocol/description.h"
#include "reference-server/event_table.h"
#include "support/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char path[] = "scenarios/protocols/gateway.yaml";

static const gw_protocol *load(gw_arena *arena) {
    static char text[1 << 16];
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    gw_diag diag;
    gw_diag_init(&diag);
    const gw_protocol *protocol = gw_protocol_load(arena, gw_span_make(text, len), path, &diag);
    ck_assert_msg(protocol != NULL, "%s", gw_buf_cstr(&diag.text));
    gw_diag_deinit(&diag);
    return protocol;
}

/* What the server's own row says of this data. */
static bool row_accepts(const gw_event_row *row, const char *data) {
    char error[192];
    return gw_event_table_check_data(row, gw_strict_json_root(gw_span_cstr(data)), error, sizeof error);
}

static bool description_accepts(const gw_event *event, const char *data) {
    cJSON *tree = cJSON_Parse(data);
    ck_assert_ptr_nonnull(tree);
    bool fits = gw_schema_check(event->data, tree, GW_SCHEMA_EXTRA_DENY, NULL, NULL) == 0;
    cJSON_Delete(tree);
    return fits;
}

START_TEST(event_table_has_the_events_of_the_description) {
    gw_arena arena;
    gw_arena_init(&arena);
    const gw_protocol *protocol = load(&arena);
    for (size_t i = 0; i < protocol->event_count; i++) {
        const gw_event *event = &protocol->events[i];
        const gw_event_row *row = gw_event_table_by_name(gw_span_cstr(event->name));
        ck_assert_msg(row != NULL, "%s", event->name);
        ck_assert_int_eq(row->id, event->id);
        ck_assert_ptr_eq(gw_event_table_by_id((uint64_t)event->id), row);
        ck_assert_int_eq(row->from_client, (event->from & GW_FROM_CLIENT) != 0);
    }
    ck_assert_uint_eq(protocol->event_count, 8);
    ck_assert_ptr_null(gw_event_table_by_id(8));
    gw_arena_deinit(&arena);
}
END_TEST

/* Objects made of every field with every type, and of all subsets of the right ones, are judged alike. */
START_TEST(event_table_judges_data_like_the_description) {
    static const char *const values[] = {"true", "1", "\"x\"", "null", "[]"};
    gw_arena arena;
    gw_arena_init(&arena);
    const gw_protocol *protocol = load(&arena);
    for (size_t i = 0; i < protocol->event_count; i++) {
        const gw_event *event = &protocol->events[i];
        const gw_event_row *row = gw_event_table_by_name(gw_span_cstr(event->name));
        size_t fields = 0;
        while (row->fields[fields].name) fields++;
        for (unsigned subset = 0; subset < 1u << fields; subset++) {
            for (size_t odd = 0; odd <= fields; odd++) { /* the one field whose type is changed; fields: none */
                for (size_t v = 0; v < (odd == fields ? 1 : 5); v++) {
                    char data[512] = "{";
                    for (size_t f = 0; f < fields; f++) {
                        if (!(subset >> f & 1)) continue;
                        char type = row->fields[f].type;
                        const char *right = type == 's' ? "\"x\"" : type == 'n' ? "1" : "true";
                        snprintf(data + strlen(data), sizeof data - strlen(data), "%s\"%s\":%s", data[1] ? "," : "",
                                 row->fields[f].name, f == odd ? values[v] : right);
                    }
                    strcat(data, "}");
                    ck_assert_msg(row_accepts(row, data) == description_accepts(event, data), "%s %s", event->name,
                                  data);
                }
            }
        }
        ck_assert(!row_accepts(row, "{\"stranger\":1}"));
        ck_assert(!row_accepts(row, "[]"));
    }
    gw_arena_deinit(&arena);
}
END_TEST

GW_TEST_MAIN("server_event_table", 60, event_table_has_the_events_of_the_description,
             event_table_judges_data_like_the_description)
