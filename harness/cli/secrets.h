/* Texts that must never be printed, and their removal from what is. Floor 5, pure.
 *
 * A secret is hidden in every shape that it takes on its way: as it is, inside JSON, percent-encoded, line by line, and
 * cut off where a text was shortened. */
#ifndef GW_CLI_SECRETS_H
#define GW_CLI_SECRETS_H

#include "base/buf.h"

/* A shorter value could stand anywhere by chance: it is not hidden. */
enum { GW_SECRETS_MIN_BYTES = 4 };

typedef struct gw_secrets {
    struct gw_secrets_shape {
        char *text;
        size_t len;
    } * list;
    size_t count, capacity;
} gw_secrets;

void gw_secrets_deinit(gw_secrets *secrets);
/* Adds a value in all its shapes. GW_ERR_LIMIT: it is too short to be hidden. GW_ERR_NOMEM. */
gw_status gw_secrets_add(gw_secrets *secrets, const char *value);
/* Appends `text` to out, "***" in place of each secret. A piece of one is one too where the text ends, or "..." says
 * that it was cut. True when there was any. */
bool gw_secrets_redact(const gw_secrets *secrets, gw_span text, gw_buf *out);

#endif
