/* The two clocks of the machine. Floor 4 (net).
 *
 * Everything is told on CLOCK_MONOTONIC. Kernel receive stamps come on CLOCK_REALTIME, which can be stepped; the offset
 * between both is sampled often, and a step makes the stamps around it worthless. */
#ifndef GW_NET_CLOCK_H
#define GW_NET_CLOCK_H

#include "base/time.h"

#include <stdint.h>

enum { GW_CLOCK_STEP_NS = 200000 /* an offset that moves by more than this is a step, not noise */ };

typedef struct gw_clock {
    gw_ns offset_ns;   /* monotonic = realtime + offset */
    gw_ns sampled_ns;  /* monotonic time of the last good sample */
    gw_ns distrust_ns; /* stamps that convert to a time before this are not to be used */
    uint32_t steps;    /* steps of CLOCK_REALTIME seen so far */
} gw_clock;

/* CLOCK_MONOTONIC now. */
gw_ns gw_clock_now(void);
/* CLOCK_REALTIME now, ns since 1970: for sentAt and for log file names only, never for a window. */
gw_ns gw_clock_wall(void);

void gw_clock_init(gw_clock *clock);
/* Takes one sample; a noisy one (this thread was descheduled between the readings) changes nothing. */
void gw_clock_sample(gw_clock *clock);
/* The pure half of gw_clock_sample: realtime was read between the two monotonic readings. */
void gw_clock_note(gw_clock *clock, gw_ns before_ns, gw_ns realtime_ns, gw_ns after_ns);
/* A CLOCK_REALTIME stamp on the monotonic clock. False when a step makes it worthless. A stamp that lies after
 * `read_ns` by no more than sampling noise becomes read_ns; one that lies further ahead is worthless. */
bool gw_clock_convert(const gw_clock *clock, gw_ns realtime_ns, gw_ns read_ns, gw_ns *out);

#endif
