/* A text as others write it: as it is, escaped for JSON or a URL, in any mixture and more than once. Floor 5, pure. It
 * must not know what the text is for. */
#ifndef GW_CLI_SPELLING_H
#define GW_CLI_SPELLING_H

#include "base/buf.h"

/* Bytes of a text, counted from its start. */
typedef struct gw_spelled {
    size_t whole; /* that spell all of the value, the longest way; 0: none do */
    size_t piece; /* that spell its start, until the text ends or "..." says that it was cut; 0: none do */
} gw_spelled;

/* How the start of `text` spells `value`, which is not empty. Each character may stand there in its own way:
 *   itself; a code point below U+0100 as a byte of Latin-1, too
 *   %XX      each byte, or a code point below U+0100; %25XX likewise (RFC 3986 section 2.1); "+" is a blank
 *   \c       of punctuation, \b \f \n \r \t, \uXXXX of a code point, a surrogate pair, or a byte (RFC 8259 section 7);
 *            \xXX of a byte, as a wire log has it; behind any number of backslashes up to eight
 * Letters of hexadecimal digits in either case. Time: a small multiple of the bytes that agree. */
gw_spelled gw_spelling_match(gw_span value, gw_span text);
/* False: no spelling of `value` starts with this byte. */
bool gw_spelling_may_start(gw_span value, uint8_t byte);
/* Appends the text with each %XX read as the byte that it stands for. */
void gw_spelling_append_plain(gw_span text, gw_buf *out);

#endif
