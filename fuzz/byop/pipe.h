/* A parser in another process, spoken to over its standard input and output. Private to fuzz/byop.
 *
 * Framing (docs/bring-your-own-parser.md): each request and each answer is a length of 4 bytes, most significant first,
 * and so many bytes. There is one answer to each request. */
#ifndef GW_BYOP_PIPE_H
#define GW_BYOP_PIPE_H

#include "byop.h"

#include <sys/types.h>

enum {
    GW_PIPE_VERSION = 1,
    GW_PIPE_MAX_ANSWER = 8 << 20,
    GW_PIPE_EVENT_HEAD = 19 /* bytes of an event before its own */
};

typedef enum gw_pipe_op {
    GW_PIPE_HELLO = 'H',
    GW_PIPE_CREATE = 'C',
    GW_PIPE_FEED = 'F',
    GW_PIPE_TICK = 'T'
} gw_pipe_op;

typedef struct gw_pipe {
    char **command; /* NULL-terminated */
    int timeout_ms; /* of one answer */
    pid_t pid;      /* 0: not running */
    int in, out;    /* the child's standard input and output */
    gw_buf answer;
    size_t taken;     /* bytes of the answer that events used up */
    char broken[256]; /* why the child is of no more use; "": it is */
} gw_pipe;

void gw_pipe_init(gw_pipe *pipe, char **command, int timeout_ms);
/* Ends the child. */
void gw_pipe_deinit(gw_pipe *pipe);
/* Starts the child, anew after it broke. False with pipe->broken. */
bool gw_pipe_start(gw_pipe *pipe);
/* Sends a request and waits for the answer. False with pipe->broken; then the child is gone. */
bool gw_pipe_ask(gw_pipe *pipe, gw_pipe_op op, gw_span body);
/* Ends the child by closing its standard input. False with pipe->broken when it had written more than was asked for. */
bool gw_pipe_end(gw_pipe *pipe);
/* Takes the next event of the answer; false at its end, or with pipe->broken when it is malformed. */
bool gw_pipe_event(gw_pipe *pipe, gwspec_event *event);

#endif
