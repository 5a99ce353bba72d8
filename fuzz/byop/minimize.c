/* The input of a finding made smaller: steps are left out, then bytes, then numbers get lower, for as long as the kind
 * of finding stays. */
#include "byop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ENCODED = 1 << 20 };

typedef struct smaller {
    const gw_byop_engine *engine;
    gw_script script;
    char kind[GW_BYOP_KIND_SIZE];
    char text[GW_BYOP_TEXT_SIZE]; /* of the last input that still showed it */
    uint8_t *encoded;             /* MAX_ENCODED bytes */
} smaller;

/* Whether this input shows the finding. */
static bool shows(smaller *s, const uint8_t *data, size_t size) {
    char text[GW_BYOP_TEXT_SIZE] = "", kind[GW_BYOP_KIND_SIZE];
    uint8_t *copy = malloc(size ? size : 1); /* exactly as long as the input */
    if (!copy) return false;
    if (size) memcpy(copy, data, size);
    bool good = s->engine->check(s->engine->context, copy, size, text, sizeof text);
    free(copy);
    gw_byop_kind(text, kind);
    if (good || (s->kind[0] && strcmp(kind, s->kind) != 0)) return false;
    memcpy(s->kind, kind, sizeof kind);
    memcpy(s->text, text, sizeof text);
    return true;
}

static bool still(smaller *s) {
    return shows(s, s->encoded, gw_script_encode(&s->script, s->encoded, MAX_ENCODED));
}

static bool drop_steps(smaller *s) {
    size_t before = s->script.count;
    for (size_t i = s->script.count; i-- > 0;) {
        gw_script_step *at = &s->script.steps[i], dropped = *at;
        size_t behind = --s->script.count - i;
        memmove(at, at + 1, behind * sizeof *at);
        if (still(s)) continue;
        memmove(at + 1, at, behind * sizeof *at);
        *at = dropped;
        s->script.count++;
    }
    return s->script.count < before;
}

/* `own` are the bytes of the step, writable. */
static bool drop_bytes(smaller *s, gw_script_step *step, uint8_t *own) {
    uint8_t whole[GW_SCRIPT_MAX_BYTES];
    size_t before = step->bytes.len;
    for (size_t n = before; n > 0; n /= 2) {
        for (size_t at = 0; at + n <= step->bytes.len;) {
            memcpy(whole, own, step->bytes.len);
            memmove(own + at, own + at + n, step->bytes.len - at - n);
            step->bytes.len -= n;
            if (still(s)) continue;
            step->bytes.len += n;
            memcpy(own, whole, step->bytes.len);
            at += n;
        }
    }
    return step->bytes.len < before;
}

static bool lower(smaller *s, uint8_t *number) {
    uint8_t before = *number;
    for (unsigned by = before; by > 0; by /= 2) {
        if (*number < by) continue;
        *number = (uint8_t)(*number - by);
        if (!still(s)) *number = (uint8_t)(*number + by);
    }
    return *number < before;
}

/* Those that say how often, how long, or in how many frames. */
static bool lower_numbers(smaller *s, gw_script_step *step) {
    if (step->op == GW_SCRIPT_AGAIN) return lower(s, &step->a);
    if (step->op == GW_SCRIPT_ADVANCE) return lower(s, &step->b);
    return (step->op == GW_SCRIPT_PACKET || step->op == GW_SCRIPT_EVENT) && lower(s, &step->flags);
}

static void make_smaller(smaller *s, uint8_t *data) {
    uint8_t config = s->script.config;
    s->script.config = 0;
    if (!still(s)) s->script.config = config;
    bool again = true;
    while (again) {
        again = drop_steps(s);
        for (size_t i = 0; i < s->script.count; i++) {
            gw_script_step *step = &s->script.steps[i];
            if (step->bytes.len && drop_bytes(s, step, data + (step->bytes.ptr - data))) again = true;
            if (lower_numbers(s, step)) again = true;
        }
    }
}

/* The input in s->encoded. */
static int tell(const smaller *s, size_t size, size_t before) {
    char path[GW_BYOP_PATH_SIZE];
    if (!gw_byop_save(s->engine->save_dir, "minimized", s->encoded, size, path, sizeof path)) return -1;
    gw_byop_print_input(s->engine->api, gw_span_make(s->encoded, size), stderr);
    fprintf(stderr, "finding: %s\n  input: %s\n%zu bytes, before %zu\n", s->text, path, size, before);
    return 1;
}

static int minimize(smaller *s, uint8_t *data, size_t size) {
    if (!shows(s, data, size)) {
        fprintf(stderr, "gwspec: %s shows no finding\n", s->engine->minimize);
        return -1;
    }
    gw_script_decode(gw_span_make(data, size), &s->script);
    /* The random split depends on the whole input: what only it shows may be gone with the first change. */
    if (still(s)) {
        make_smaller(s, data);
        if (still(s)) return tell(s, gw_script_encode(&s->script, s->encoded, MAX_ENCODED), size);
    }
    fprintf(stderr, "finding: %s\ngwspec: %s cannot be made smaller\n", s->text, s->engine->minimize);
    return 1;
}

int gw_byop_minimize(const gw_byop_engine *engine) {
    uint8_t *data;
    size_t size;
    int result = -1;
    if (!gw_byop_read_file(engine->minimize, &data, &size)) return -1;
    smaller *s = calloc(1, sizeof *s);
    uint8_t *encoded = malloc(MAX_ENCODED);
    if (s && encoded) {
        s->engine = engine;
        s->encoded = encoded;
        result = minimize(s, data, size);
    } else {
        fprintf(stderr, "gwspec: out of memory\n");
    }
    free(encoded);
    free(s);
    free(data);
    return result;
}
