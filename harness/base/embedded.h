/* Files compiled into the program (cmake/GwEmbed.cmake). Floor 0. */
#ifndef GW_BASE_EMBEDDED_H
#define GW_BASE_EMBEDDED_H

#include <stddef.h>

typedef struct gw_embedded_file {
    const char *path; /* relative to the root of its table */
    const unsigned char *bytes;
    size_t len;
} gw_embedded_file;

#endif
