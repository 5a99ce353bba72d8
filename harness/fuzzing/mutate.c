/* Floor 3: the choice of mutator, and the one that knows nothing of the bytes. */
#include "fuzzing/mutate_internal.h"

#include <string.h>

/* ---- Shared ---- */

bool gw_mutate_any(gw_edit *edit, const gw_mutate_config *config, gw_mutate_op *const *ops, size_t count) {
    for (int tries = 0; tries < 8; tries++)
        if (ops[gw_edit_below(edit, count)](edit, config)) return true;
    return false;
}

gw_span gw_mutate_word(gw_edit *edit, const char *const *words, size_t count) {
    return count ? gw_span_cstr(words[gw_edit_below(edit, count)]) : gw_span_make(NULL, 0);
}

gw_span gw_mutate_pick(gw_edit *edit, gw_vocabulary_list list) {
    return list.items[gw_edit_below(edit, list.count)];
}

size_t gw_mutate_join(gw_span a, size_t from, gw_span b, size_t to, gw_edit *out) {
    out->size = 0;
    gw_edit_splice(out, 0, 0, gw_span_sub(a, 0, from < out->max ? from : out->max));
    gw_edit_splice(out, out->size, 0, gw_span_sub(b, to, out->max - out->size));
    return out->size;
}

/* ---- Bytes ---- */

static bool flip_bit(gw_edit *edit, const gw_mutate_config *config) {
    (void)config;
    if (!edit->size) return false;
    edit->data[gw_edit_below(edit, edit->size)] ^= (uint8_t)(1u << gw_edit_below(edit, 8));
    return true;
}

static bool set_byte(gw_edit *edit, const gw_mutate_config *config) {
    static const uint8_t borders[] = {0, 1, 0x0a, 0x20, 0x22, 0x5c, 0x7d, 0x7e, 0x7f, 0x80, 0xfe, 0xff};
    (void)config;
    if (!edit->size) return false;
    uint8_t byte =
        gw_edit_once_in(edit, 2) ? borders[gw_edit_below(edit, sizeof borders)] : (uint8_t)gw_rng_next(edit->rng);
    edit->data[gw_edit_below(edit, edit->size)] = byte;
    return true;
}

static bool insert_bytes(gw_edit *edit, const gw_mutate_config *config) {
    uint8_t bytes[8];
    (void)config;
    gw_rng_fill(edit->rng, bytes, sizeof bytes);
    return gw_edit_splice(edit, gw_edit_below(edit, edit->size + 1), 0,
                          gw_span_make(bytes, 1 + gw_edit_below(edit, sizeof bytes)));
}

static bool remove_bytes(gw_edit *edit, const gw_mutate_config *config) {
    (void)config;
    if (edit->size < 2) return false;
    size_t at = gw_edit_below(edit, edit->size);
    size_t most = edit->size - at < 16 ? edit->size - at : 16;
    return gw_edit_splice(edit, at, 1 + gw_edit_below(edit, most), gw_span_make(NULL, 0));
}

static bool repeat_bytes(gw_edit *edit, const gw_mutate_config *config) {
    (void)config;
    if (!edit->size) return false;
    size_t at = gw_edit_below(edit, edit->size);
    size_t most = edit->size - at < 64 ? edit->size - at : 64;
    return gw_edit_repeat(edit, at, 1 + gw_edit_below(edit, most), gw_edit_below(edit, edit->size + 1));
}

static bool cut_end(gw_edit *edit, const gw_mutate_config *config) {
    (void)config;
    if (edit->size < 2) return false;
    edit->size = 1 + gw_edit_below(edit, edit->size - 1);
    return true;
}

bool gw_mutate_bytes(gw_edit *edit, const gw_mutate_config *config) {
    static gw_mutate_op *const ops[] = {flip_bit,     set_byte,     set_byte, insert_bytes,
                                        remove_bytes, repeat_bytes, cut_end};
    return gw_mutate_any(edit, config, ops, GW_MUTATE_COUNT(ops));
}

bool gw_mutate_blind(gw_edit *edit, const gw_mutate_config *config) {
    if (!config->engine) return gw_mutate_bytes(edit, config);
    edit->size = config->engine(edit->data, edit->size, edit->max);
    return true;
}

size_t gw_mutate_cross_bytes(gw_span a, gw_span b, gw_edit *out) {
    return gw_mutate_join(a, gw_edit_below(out, a.len + 1), b, gw_edit_below(out, b.len + 1), out);
}

/* ---- The choice ---- */

static const struct kind {
    gw_mutate_op *mutate;
    gw_mutate_cross_op *cross;
} kinds[] = {
    [GW_MUTATE_BYTES] = {gw_mutate_blind, gw_mutate_cross_bytes},
    [GW_MUTATE_FRAMES] = {gw_mutate_frames, gw_mutate_cross_frames},
    [GW_MUTATE_PACKET] = {gw_mutate_packet, gw_mutate_cross_packet},
    [GW_MUTATE_LINES] = {gw_mutate_lines, gw_mutate_cross_lines},
    [GW_MUTATE_SESSION] = {gw_mutate_session, gw_mutate_cross_session},
};

static gw_mutate_config with_defaults(const gw_mutate_config *config) {
    gw_mutate_config full = *config;
    if (!full.vocabulary) full.vocabulary = &gw_vocabulary_gateway;
    return full;
}

size_t gw_mutate(const gw_mutate_config *config, uint8_t *data, size_t size, size_t max, uint32_t seed) {
    gw_rng rng;
    gw_rng_init(&rng, seed);
    gw_edit edit = {data, size, max, &rng};
    gw_mutate_config full = with_defaults(config);
    if (gw_edit_once_in(&edit, 8)) {
        gw_mutate_blind(&edit, &full);
    } else {
        /* Mostly one change, so that what it brought is plain; sometimes a few, to get over steps that pay only
         * together. */
        size_t changes = gw_edit_once_in(&edit, 3) ? 2 + gw_edit_below(&edit, 4) : 1;
        while (changes-- > 0)
            if (!kinds[full.kind].mutate(&edit, &full)) gw_mutate_blind(&edit, &full);
    }
    if (edit.size == 0 && max) {
        data[0] = (uint8_t)gw_rng_next(&rng);
        edit.size = 1;
    }
    return edit.size;
}

size_t gw_mutate_cross(const gw_mutate_config *config, gw_span a, gw_span b, uint8_t *out, size_t max, uint32_t seed) {
    gw_rng rng;
    gw_rng_init(&rng, seed);
    gw_edit edit = {out, 0, max, &rng};
    gw_mutate_config full = with_defaults(config);
    if (gw_edit_once_in(&edit, 8)) return gw_mutate_cross_bytes(a, b, &edit);
    return kinds[full.kind].cross(a, b, &edit);
}
