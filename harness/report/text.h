/* Text for people and for parsers, from bytes that may be hostile. Floor 4, pure.
 *
 * What a peer sent never reaches a terminal, an XML file or a JSON file raw: valid UTF-8 passes, everything that could
 * drive the reader (control characters, bidirectional overrides, malformed bytes) is written as an escape. */
#ifndef GW_REPORT_TEXT_H
#define GW_REPORT_TEXT_H

#include "base/buf.h"

/* Takes the next code point from *text. UINT32_MAX: one byte that is no valid UTF-8, which *byte then holds. */
uint32_t gw_text_next(gw_span *text, uint8_t *byte);
/* For a terminal: "\n", "\x1b", "\u{202e}" for what must not pass. */
void gw_text_append_printable(gw_buf *out, gw_span text);
/* The same, cut to `width` columns with "..." at the end; 0: not cut. */
void gw_text_append_fit(gw_buf *out, gw_span text, size_t width);
/* The same, broken between words so that no line passes `width` columns; further lines are indented by `indent`, and
 * the first is taken to start there. A word longer than a line is not broken. 0: one line. No newline at the end. */
void gw_text_append_wrapped(gw_buf *out, gw_span text, size_t indent, size_t width);
/* As it is, but for NUL bytes, which become the four characters \x00: for what is held as a C string. */
void gw_text_append_without_nul(gw_buf *out, gw_span text);
/* Columns that printable text takes: one a code point. */
size_t gw_text_columns(gw_span text);
/* `count` blanks. */
void gw_text_append_blanks(gw_buf *out, size_t count);
/* With the quotes (RFC 8259 section 7). A byte that is no UTF-8 becomes the four characters \xNN. */
void gw_text_append_json(gw_buf *out, gw_span text);
/* Character data or, with `attribute`, the inside of a quoted attribute value (XML 1.0). Characters that XML cannot
 * carry are escaped as for a terminal. */
void gw_text_append_xml(gw_buf *out, gw_span text, bool attribute);
/* Lower-case hexadecimal digits. */
void gw_text_append_hex(gw_buf *out, gw_span bytes);

#endif
