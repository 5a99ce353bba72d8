/* Planted faults: each makes the reference server break few, known rules. One table (faults_table.h) names them all.
 *
 * It must not know the codec or the gateway: they ask it, at the place where a fault acts. */
#ifndef GW_FAULTS_H
#define GW_FAULTS_H

#include "base/buf.h"
#include "base/span.h"

#include "reference-server/faults_table.h"

/* GW_FAULT_HELLO_LATE, ... */
typedef enum gw_fault {
#define GW_FAULT_ENUM(id, name, layer, rules, sentence) GW_FAULT_##id,
    GW_FAULT_TABLE(GW_FAULT_ENUM)
#undef GW_FAULT_ENUM
        GW_FAULT_COUNT
} gw_fault;

enum { GW_FAULTS_WORDS = (GW_FAULT_COUNT + 63) / 64 };

/* A set of faults; all zero is the server without faults. */
typedef struct gw_faults {
    uint64_t words[GW_FAULTS_WORDS];
} gw_faults;

static inline bool gw_faults_has(const gw_faults *faults, gw_fault fault) {
#ifdef GW_FAULTS_OFF /* fuzzing, which is of the server without faults */
    (void)faults;
    (void)fault;
    return false;
#endif
    return (faults->words[fault / 64] >> (fault % 64)) & 1;
}
static inline void gw_faults_add(gw_faults *faults, gw_fault fault) {
    faults->words[fault / 64] |= UINT64_C(1) << (fault % 64);
}

static inline bool gw_faults_none(const gw_faults *faults) {
    uint64_t any = 0;
    for (int i = 0; i < GW_FAULTS_WORDS; i++) any |= faults->words[i];
    return any == 0;
}

typedef struct gw_fault_info {
    const char *name;     /* hello-late */
    const char *layer;    /* handshake, frame or gateway */
    const char *rules;    /* requirement ids that it breaks, with a space between */
    const char *sentence; /* what the server then does */
} gw_fault_info;

/* Static; fault < GW_FAULT_COUNT. */
const gw_fault_info *gw_faults_info(gw_fault fault);
/* The fault of this name. GW_ERR_NOT_FOUND. */
gw_status gw_faults_find(gw_span name, gw_fault *out);
/* The name that the user most likely meant, or NULL. */
const char *gw_faults_suggest(gw_span name);
/* For --list-faults, all that `wanted` takes (NULL: the whole table): lines for people, or one JSON array. */
gw_status gw_faults_list(bool json, bool (*wanted)(const void *context, gw_fault fault), const void *context,
                         gw_buf *out);

#endif
