/* What the fuzz targets share. */
#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool gw_fuzz_thorough, gw_fuzz_unlisted;

void gw_fuzz_fail(const char *file, int line, const char *condition, const char *format, ...) {
    va_list args;
    fprintf(stderr, "%s:%d: property broken: %s: ", file, line, condition);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

GW_FUZZ_UNWATCHED uint64_t gw_fuzz_hash(const uint8_t *data, size_t size) {
    uint64_t hash = 0x9e3779b97f4a7c15u ^ size;
    while (size >= 8) {
        uint64_t word;
        memcpy(&word, data, 8);
        hash = (hash ^ word) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
        data += 8;
        size -= 8;
    }
    for (size_t i = 0; i < size; i++) hash = (hash ^ data[i]) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

/* Objects of their own, so that each ends in a red zone. */
static uint8_t room_0[GW_FUZZ_MAX_BYTES], room_1[GW_FUZZ_MAX_BYTES], room_2[GW_FUZZ_MAX_BYTES];

uint8_t *gw_fuzz_copy(unsigned room, const uint8_t *data, size_t size) {
    uint8_t *const rooms[GW_FUZZ_ROOMS] = {room_0, room_1, room_2};
    uint8_t *copy = rooms[room] + GW_FUZZ_MAX_BYTES - size;
    if (size) memcpy(copy, data, size);
    return copy;
}
