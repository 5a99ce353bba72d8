/* Texts that must never be printed, and their removal from what is. Floor 5, pure.
 *
 * A secret is hidden in every spelling (spelling.h), line by line, and cut off where a text was shortened. What stands
 * alone on its way is hidden alone, too: the credentials behind the name of a scheme ("Bearer", "Basic"), with the
 * password of the latter; the value of each pair of a cookie, each word of a list; what the bytes are that percent
 * signs encode. */
#ifndef GW_CLI_SECRETS_H
#define GW_CLI_SECRETS_H

#include "base/buf.h"

/* A shorter value could stand anywhere by chance: it is not hidden. */
enum { GW_SECRETS_MIN_BYTES = 4 };

typedef struct gw_secrets {
    struct gw_secrets_text {
        char *text;
        size_t len;
    } * list;
    size_t count, capacity;
} gw_secrets;

void gw_secrets_deinit(gw_secrets *secrets);
/* Adds a value and its parts. GW_ERR_LIMIT: it is too short to be hidden. GW_ERR_NOMEM. */
gw_status gw_secrets_add(gw_secrets *secrets, const char *value);
/* Adds the value of a "NAME: VALUE" that may be a token: not what is short, nor a field that is public as a rule
 * ("Origin"). GW_ERR_NOMEM. */
gw_status gw_secrets_add_header(gw_secrets *secrets, const char *header);
/* Appends `text` to out, "***" in place of each secret. A piece of one is one too where the text ends, or "..." says
 * that it was cut. True when there was any. */
bool gw_secrets_redact(const gw_secrets *secrets, gw_span text, gw_buf *out);

#endif
