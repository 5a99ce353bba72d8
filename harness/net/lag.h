/* How late this process was, and when. Floor 4 (net); pure: times come in as arguments.
 *
 * A verdict on a time window is worth nothing when the harness itself was late in it: gw_lag_worst() answers that. */
#ifndef GW_NET_LAG_H
#define GW_NET_LAG_H

#include "base/time.h"

enum {
    GW_LAG_BUCKETS = 4096,
    GW_LAG_HISTOGRAM = 64 * 16,
};
#define GW_LAG_BUCKET_NS (20 * GW_MS) /* the history reaches back GW_LAG_BUCKETS of these: 82 s */

typedef struct gw_lag_summary {
    uint64_t count;       /* lateness values since the mark */
    gw_ns p50_ns, p99_ns; /* within 1/16 */
    gw_ns max_ns;         /* exact */
    gw_ns busy_max_ns;    /* longest stretch spent in callbacks between two waits */
} gw_lag_summary;

typedef struct gw_lag {
    struct gw_lag_bucket {
        int64_t index; /* time / GW_LAG_BUCKET_NS; -1 when never used */
        gw_ns worst_ns;
    } ring[GW_LAG_BUCKETS];
    int64_t newest_index;
    gw_ns forgotten_worst_ns; /* worst of what the ring no longer holds */
    uint32_t histogram[GW_LAG_HISTOGRAM];
    uint64_t count;
    gw_ns max_ns, busy_max_ns;
} gw_lag;

void gw_lag_init(gw_lag *lag);
/* Something that was due at due_ns happened at done_ns. */
void gw_lag_timer(gw_lag *lag, gw_ns due_ns, gw_ns done_ns);
/* Callbacks ran from from_ns to to_ns; meanwhile nothing else was read or sent. */
void gw_lag_busy(gw_lag *lag, gw_ns from_ns, gw_ns to_ns);
/* Starts the summary anew; the history stays. */
void gw_lag_mark(gw_lag *lag);
gw_lag_summary gw_lag_summarize(const gw_lag *lag);
/* The worst lateness of any episode that touches [t0, t1] (rounded outwards to GW_LAG_BUCKET_NS): an upper bound of how
 * late something in that window was seen or done. For times older than the history, the worst of all that is gone. */
gw_ns gw_lag_worst(const gw_lag *lag, gw_ns t0, gw_ns t1);

#endif
