/* Fuzz target: heads of HTTP and the facts of an opening handshake (wire/head.h, wire/handshake.h), in both roles.
 *
 * Any split gives what the whole gives; limits hold; a clean head that is written again reads the same. */
#include "fuzz.h"
#include "wire/handshake.h"

#include <string.h>

const gw_mutate_config gw_fuzz_config = {.kind = GW_MUTATE_LINES};

static bool same_place(gw_span a, const uint8_t *a_base, gw_span b, const uint8_t *b_base) {
    if (a.len != b.len || !a.ptr != !b.ptr) return false;
    return !a.ptr || a.len == 0 || a.ptr - a_base == b.ptr - b_base;
}

static void check_inside(gw_span s, gw_span all) {
    GW_FUZZ_CHECK(!s.ptr || s.len == 0 || (s.ptr >= all.ptr && s.ptr + s.len <= all.ptr + all.len),
                  "a span leaves the input");
}

static void compare(const gw_head *a, const uint8_t *a_base, const gw_head *b, const uint8_t *b_base) {
    GW_FUZZ_CHECK(a->state == b->state, "state %d and %d", a->state, b->state);
    if (a->state != GW_HEAD_DONE && a->state != GW_HEAD_CUT) return;
    GW_FUZZ_CHECK(a->flags == b->flags && a->field_count == b->field_count && a->field_total == b->field_total,
                  "flags %x and %x", a->flags, b->flags);
    if (a->state == GW_HEAD_DONE) GW_FUZZ_CHECK(a->length == b->length, "length %zu and %zu", a->length, b->length);
    if (a->flags) GW_FUZZ_CHECK(a->malformed_offset == b->malformed_offset, "malformed offset");
    GW_FUZZ_CHECK(same_place(a->start_line, a_base, b->start_line, b_base), "start line");
    GW_FUZZ_CHECK(same_place(a->method, a_base, b->method, b_base) &&
                      same_place(a->target, a_base, b->target, b_base) &&
                      same_place(a->version, a_base, b->version, b_base) && a->status == b->status &&
                      a->major == b->major && a->minor == b->minor,
                  "parts of the start line");
    for (size_t i = 0; i < a->field_count; i++)
        GW_FUZZ_CHECK(same_place(a->fields[i].name, a_base, b->fields[i].name, b_base) &&
                          same_place(a->fields[i].value, a_base, b->fields[i].value, b_base) &&
                          a->fields[i].offset == b->fields[i].offset,
                      "field %zu", i);
}

/* Reads a head that grows piece by piece in a buffer that moves; the stream then ends. */
static void feed_split(gw_head *head, gw_head_kind kind, const uint8_t *data, size_t size, gw_fuzz_cut cut,
                       uint64_t seed, const uint8_t **base) {
    gw_rng rng;
    gw_rng_init(&rng, seed);
    gw_head_init(head, kind, GW_HEAD_MAX_BYTES, 0);
    size_t at = 0;
    unsigned room = 0;
    *base = gw_fuzz_copy(room, data, 0);
    while (at < size && head->state == GW_HEAD_NEED_MORE) {
        at += gw_fuzz_piece(cut, &rng, size - at);
        *base = gw_fuzz_copy(room ^= 1, data, at);
        gw_head_feed(head, gw_span_make(*base, at));
    }
    gw_head_finish(head, gw_span_make(*base, at));
}

/* Lists: every element is trimmed, not empty, inside, and they end. */
static void check_lists(const gw_head *head, gw_span all) {
    for (size_t i = 0; i < head->field_count; i++) {
        check_inside(head->fields[i].name, all);
        check_inside(head->fields[i].value, all);
        gw_span list = head->fields[i].value, element;
        for (size_t n = 0; gw_head_next_element(&list, &element); n++) {
            GW_FUZZ_CHECK(n <= head->fields[i].value.len, "a list without end");
            GW_FUZZ_CHECK(element.len > 0, "an empty element");
            check_inside(element, all);
        }
        gw_head_is_token(head->fields[i].name);
    }
}

/* A head without a flag, written from what was read, reads the same again and is then the same text. */
static void check_written_again(const gw_head *head) {
    static gw_buf once = {.max = 2 * GW_HEAD_MAX_BYTES}, twice = {.max = 2 * GW_HEAD_MAX_BYTES};
    static gw_head again;
    if (head->state != GW_HEAD_DONE || head->flags || head->kind != GW_HEAD_REQUEST) return;
    gw_buf *outs[] = {&once, &twice};
    const gw_head *from = head;
    for (int i = 0; i < 2; i++) {
        gw_handshake_field fields[GW_HEAD_MAX_FIELDS];
        for (size_t n = 0; n < from->field_count; n++)
            fields[n] = (gw_handshake_field){from->fields[n].name, from->fields[n].value, GW_HANDSHAKE_ADD};
        gw_handshake_request request = {.method = from->method,
                                        .target = from->target,
                                        .version = from->version,
                                        .bare = true,
                                        .fields = fields,
                                        .field_count = from->field_count};
        gw_buf_clear(outs[i]);
        if (gw_handshake_append_request(outs[i], &request) != GW_OK) return;
        gw_head_init(&again, GW_HEAD_REQUEST, GW_HEAD_MAX_BYTES, 0);
        gw_head_state state = gw_head_feed(&again, gw_buf_span(outs[i]));
        if (state == GW_HEAD_TOO_LARGE) return;
        GW_FUZZ_CHECK(state == GW_HEAD_DONE && again.flags == 0 && again.field_count == head->field_count &&
                          again.length == outs[i]->len,
                      "state %d flags %x", state, again.flags);
        from = &again;
    }
    GW_FUZZ_CHECK(gw_span_equal(gw_buf_span(&once), gw_buf_span(&twice)), "written differently");
}

/* Fields of the input as edits of the default fields: what is set is there once, what is removed is not there, and the
 * rest is as it is by default. */
static void check_edits(const gw_head *head, uint64_t hash) {
    static gw_buf out = {.max = 2 * GW_HEAD_MAX_BYTES};
    static gw_head again;
    gw_handshake_field fields[8];
    gw_span key = GW_SPAN_LIT("dGhlIHNhbXBsZSBub25jZQ==");
    size_t count = head->field_count < 8 ? head->field_count : 8;
    if (head->flags || (head->state != GW_HEAD_DONE && head->state != GW_HEAD_CUT)) return;
    for (size_t i = 0; i < count; i++)
        fields[i] =
            (gw_handshake_field){head->fields[i].name, head->fields[i].value, (gw_handshake_edit)((hash >> i) % 3)};
    gw_handshake_request request = {.host = GW_SPAN_LIT("h"), .key = key, .fields = fields, .field_count = count};
    gw_handshake_response response = {.key = key, .fields = fields, .field_count = count};
    bool asks = head->kind == GW_HEAD_REQUEST;
    gw_buf_clear(&out);
    gw_status status =
        asks ? gw_handshake_append_request(&out, &request) : gw_handshake_append_response(&out, &response);
    GW_FUZZ_CHECK(status == GW_OK, "%s", gw_status_text(status));
    gw_head_init(&again, head->kind, GW_HEAD_MAX_BYTES, 0);
    if (gw_head_feed(&again, gw_buf_span(&out)) == GW_HEAD_TOO_LARGE) return;
    GW_FUZZ_CHECK(again.state == GW_HEAD_DONE && again.flags == 0, "state %d flags %x", again.state, again.flags);
    for (size_t i = 0; i < count; i++) {
        size_t n = 0;
        bool last = true;
        for (size_t j = i + 1; j < count; j++) last = last && !gw_span_equal_nocase(fields[i].name, fields[j].name);
        for (size_t j = 0; j < again.field_count; j++) n += gw_span_equal_nocase(again.fields[j].name, fields[i].name);
        if (!last) continue;
        if (fields[i].edit == GW_HANDSHAKE_REMOVE)
            GW_FUZZ_CHECK(n == 0, "a removed field is there %zu times", n);
        else if (fields[i].edit == GW_HANDSHAKE_SET)
            GW_FUZZ_CHECK(n == 1, "a set field is there %zu times", n);
        else
            GW_FUZZ_CHECK(n >= 1, "an added field is not there");
    }
    if (count) return;
    gw_handshake_facts facts = asks ? gw_handshake_read_request(&again) : gw_handshake_read_response(&again, key);
    GW_FUZZ_CHECK(facts.upgrade_exact && facts.connection_upgrade &&
                      (asks ? facts.key_bytes == 16 : facts.accept_matches),
                  "the default fields are no handshake");
}

static void check_facts(const gw_head *head, gw_span all) {
    gw_handshake_facts facts = head->kind == GW_HEAD_REQUEST
                                   ? gw_handshake_read_request(head)
                                   : gw_handshake_read_response(head, GW_SPAN_LIT("dGhlIHNhbXBsZSBub25jZQ=="));
    check_inside(facts.key, all);
    check_inside(facts.accept, all);
    check_inside(facts.protocol, all);
    check_inside(facts.extension, all);
    check_inside(facts.version, all);
    GW_FUZZ_CHECK(!facts.upgrade_exact || facts.upgrade_websocket, "exact but not listed");
    GW_FUZZ_CHECK(!facts.accept_matches || facts.accept.len == GW_HANDSHAKE_ACCEPT_TEXT - 1, "an accept that matches");
    GW_FUZZ_CHECK((facts.keys > 0) == (facts.key.ptr != NULL) || head->kind == GW_HEAD_RESPONSE, "keys %zu",
                  facts.keys);
    GW_FUZZ_CHECK(facts.key_is_base64 || facts.key_bytes == 0, "bytes of what is no base64");
}

static void check_limits(gw_head_kind kind, const uint8_t *data, size_t size, uint64_t hash) {
    static gw_head head;
    size_t max_bytes = 1 + hash % 256, max_fields = 1 + (hash >> 8) % 8;
    gw_head_init(&head, kind, max_bytes, max_fields);
    gw_head_state state = gw_head_feed(&head, gw_span_make(data, size));
    GW_FUZZ_CHECK(head.field_count <= max_fields, "%zu fields of %zu", head.field_count, max_fields);
    if (state == GW_HEAD_DONE) GW_FUZZ_CHECK(head.length <= max_bytes, "%zu of %zu bytes", head.length, max_bytes);
    if (state == GW_HEAD_NEED_MORE) GW_FUZZ_CHECK(size < max_bytes, "%zu bytes wait for more", size);
    if (state == GW_HEAD_TOO_LARGE) {
        GW_FUZZ_CHECK(size >= max_bytes, "too large at %zu of %zu", size, max_bytes);
        GW_FUZZ_CHECK(gw_head_feed(&head, gw_span_make(data, size)) == GW_HEAD_TOO_LARGE, "it does not stay too large");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static gw_head whole, split;
    if (size > GW_FUZZ_MAX_BYTES) return 0;
    uint64_t hash = gw_fuzz_hash(data, size);
    uint8_t *all = gw_fuzz_copy(2, data, size);
    for (int kind = GW_HEAD_REQUEST; kind <= GW_HEAD_RESPONSE; kind++) {
        gw_head_init(&whole, (gw_head_kind)kind, GW_HEAD_MAX_BYTES, 0);
        gw_head_feed(&whole, gw_span_make(all, size));
        gw_head_finish(&whole, gw_span_make(all, size));
        int count;
        gw_fuzz_cut cut = gw_fuzz_first_cut(hash, size, &count);
        for (; count-- > 0; cut = GW_FUZZ_RANDOM) {
            const uint8_t *base;
            /* Byte by byte is quadratic here: the caller hands over all bytes each time. */
            if (cut == GW_FUZZ_BYTES && size > 512) cut = GW_FUZZ_RANDOM;
            feed_split(&split, (gw_head_kind)kind, data, size, cut, hash, &base);
            compare(&whole, all, &split, base);
        }
        check_lists(&whole, gw_span_make(all, size));
        check_facts(&whole, gw_span_make(all, size));
        check_written_again(&whole);
        check_edits(&whole, hash);
        check_limits((gw_head_kind)kind, data, size, hash);
    }
    return 0;
}
