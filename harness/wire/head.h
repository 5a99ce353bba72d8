/* Heads of HTTP/1.1 messages: start line and fields (RFC 9112), as far as an opening handshake needs them. Floor 1.
 *
 * The caller gathers the bytes in one buffer, which may move as it grows; every call gets all of them. Nothing is
 * refused: what is malformed is recorded. */
#ifndef GW_WIRE_HEAD_H
#define GW_WIRE_HEAD_H

#include "base/span.h"

enum { GW_HEAD_MAX_FIELDS = 128, GW_HEAD_MAX_BYTES = 64 << 10 };

typedef enum gw_head_kind { GW_HEAD_REQUEST, GW_HEAD_RESPONSE } gw_head_kind;

typedef enum gw_head_state {
    GW_HEAD_NEED_MORE,
    GW_HEAD_DONE,     /* the blank line came */
    GW_HEAD_CUT,      /* gw_head_finish: the stream ended before the blank line */
    GW_HEAD_TOO_LARGE /* no blank line within max_bytes; sticky */
} gw_head_state;

/* Facts about the text of the head. */
enum {
    GW_HEAD_BAD_START_LINE = 1 << 0,
    GW_HEAD_LEADING_BLANK = 1 << 1,      /* empty lines before the start line, skipped */
    GW_HEAD_BARE_LF = 1 << 2,            /* a line ended in LF alone */
    GW_HEAD_BARE_CR = 1 << 3,            /* a CR without LF inside a line */
    GW_HEAD_CONTROL_BYTE = 1 << 4,       /* a byte below 0x20 other than a tab, or 0x7f */
    GW_HEAD_NO_COLON = 1 << 5,           /* a line that is no field: kept with an empty name */
    GW_HEAD_BAD_NAME = 1 << 6,           /* a field name that is empty or not a token */
    GW_HEAD_SPACE_BEFORE_COLON = 1 << 7, /* kept under the name without the blanks */
    GW_HEAD_FOLDED = 1 << 8,             /* a line that begins with a blank: kept with an empty name */
    GW_HEAD_NO_REASON_SPACE = 1 << 9,    /* "HTTP/1.1 101" without the space that RFC 9112 section 4 asks for */
    GW_HEAD_TOO_MANY = 1 << 10           /* more fields than max_fields: the further ones are counted, not kept */
};

typedef struct gw_head_field {
    gw_span name;  /* as spelled */
    gw_span value; /* without blanks at both ends */
    size_t offset; /* of the line in the head */
} gw_head_field;

/* All spans point into the bytes of the latest call. Before DONE or CUT only state, length and the scan are set. */
typedef struct gw_head {
    gw_head_kind kind;
    gw_head_state state;
    size_t length;           /* DONE: bytes of the head with its blank line; what follows belongs to the next layer */
    unsigned flags;          /* facts */
    size_t malformed_offset; /* of the first line that gave a flag; meaningless when flags is 0 */

    gw_span start_line;
    gw_span method, target; /* request */
    unsigned status;        /* response: three digits, 0 when malformed */
    gw_span reason;         /* response; may be empty */
    gw_span version;        /* "HTTP/1.1" */
    int major, minor;       /* -1 when malformed */

    gw_head_field fields[GW_HEAD_MAX_FIELDS];
    size_t field_count; /* kept */
    size_t field_total; /* seen */

    size_t max_bytes, max_fields;
    size_t scanned, line_start; /* private: where the search for the blank line goes on */
    bool started;               /* private: a line that is not empty was seen */
} gw_head;

/* max_bytes: of the head with its blank line; max_fields: at most GW_HEAD_MAX_FIELDS (0: that many). */
void gw_head_init(gw_head *head, gw_head_kind kind, size_t max_bytes, size_t max_fields);
/* `all`: every byte since the head began. Each byte is looked at once however often this is called, and once more when
 * the head is complete. Called again after that, it points the spans into the new `all`. */
gw_head_state gw_head_feed(gw_head *head, gw_span all);
/* The stream ended: reads the lines that came, as far as they go. DONE stays DONE, otherwise CUT (or TOO_LARGE). */
gw_head_state gw_head_finish(gw_head *head, gw_span all);

/* Fields of that name, in any letter case. */
size_t gw_head_count(const gw_head *head, const char *name);
/* The value of the n-th of them, from 0; false when there is none. */
bool gw_head_nth(const gw_head *head, const char *name, size_t n, gw_span *value);
/* The first of them; a span with ptr NULL when there is none. */
gw_span gw_head_get(const gw_head *head, const char *name);
/* One of the elements of the comma-separated lists in all of them is `token`, in any letter case. */
bool gw_head_has_token(const gw_head *head, const char *name, const char *token);
/* Takes the next element, trimmed, off a comma-separated list; empty elements are skipped (RFC 9110 section 5.6.1).
 * Commas in quoted strings do not separate. */
bool gw_head_next_element(gw_span *list, gw_span *element);
/* A token of RFC 9110 section 5.6.2, not empty. */
bool gw_head_is_token(gw_span text);

#endif
