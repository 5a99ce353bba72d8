#include "xml.h"

#include "report/text.h"

#include <check.h>
#include <string.h>

enum { MAX_DEPTH = 16 };

typedef struct xml {
    const char *at;
    char open[MAX_DEPTH][32];
    size_t depth, elements;
} xml;

static void expect(xml *x, const char *text) {
    ck_assert_msg(strncmp(x->at, text, strlen(text)) == 0, "expected '%s' at: %.60s", text, x->at);
    x->at += strlen(text);
}

static void read_name(xml *x, char *out, size_t size) {
    size_t len = strspn(x->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    ck_assert_msg(len > 0 && len < size, "no name at: %.60s", x->at);
    memcpy(out, x->at, len);
    out[len] = 0;
    x->at += len;
}

/* Character data up to `end`: only known references, no "<". */
static void read_text(xml *x, char end) {
    static const char *const references[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#9;", "&#10;"};
    while (*x->at != end) {
        ck_assert_msg(*x->at && *x->at != '<', "text ends badly at: %.60s", x->at);
        if (*x->at != '&') {
            x->at++;
            continue;
        }
        bool known = false;
        for (size_t i = 0; i < 6 && !known; i++) {
            known = strncmp(x->at, references[i], strlen(references[i])) == 0;
            if (known) x->at += strlen(references[i]);
        }
        ck_assert_msg(known, "unknown reference at: %.60s", x->at);
    }
}

static void read_tag(xml *x) {
    char name[32], attribute[32];
    expect(x, "<");
    if (*x->at == '/') {
        x->at++;
        read_name(x, name, sizeof name);
        ck_assert_uint_gt(x->depth, 0);
        ck_assert_str_eq(name, x->open[--x->depth]);
        expect(x, ">");
        return;
    }
    read_name(x, name, sizeof name);
    x->elements++;
    while (*x->at == ' ') {
        x->at++;
        read_name(x, attribute, sizeof attribute);
        expect(x, "=\"");
        read_text(x, '"');
        x->at++;
    }
    if (*x->at == '/') {
        expect(x, "/>");
        return;
    }
    expect(x, ">");
    ck_assert_uint_lt(x->depth, MAX_DEPTH);
    strcpy(x->open[x->depth++], name);
}

size_t xml_check(gw_buf *text, const char *prolog) {
    ck_assert_int_eq(text->error, GW_OK);
    gw_span rest = gw_buf_span(text);
    while (rest.len > 0) {
        uint8_t byte;
        uint32_t point = gw_text_next(&rest, &byte);
        ck_assert_msg(point != UINT32_MAX, "malformed byte %02x", byte);
        ck_assert_msg(point == '\n' || point == '\t' || (point >= 0x20 && point != 0xfffe && point != 0xffff), "U+%04x",
                      point);
    }
    xml x = {.at = gw_buf_cstr(text)};
    expect(&x, prolog);
    do {
        read_tag(&x);
        if (x.depth > 0) read_text(&x, '<');
    } while (x.depth > 0);
    ck_assert_str_eq(x.at, "\n");
    return x.elements;
}
