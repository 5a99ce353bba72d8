/* Outcome of a call of ours. Floor 0. A peer that breaks a rule is never a gw_status: that is data
 * (protocol/violation.h). */
#ifndef GW_BASE_STATUS_H
#define GW_BASE_STATUS_H

/* X(name, value, text): the one table of codes. */
#define GW_STATUS_TABLE(X)                                                                                             \
    X(OK, 0, "success")                                                                                                \
    X(ERR_NOMEM, -1, "out of memory")                                                                                  \
    X(ERR_LIMIT, -2, "a declared limit was reached")                                                                   \
    X(ERR_INVALID, -3, "the input is not valid")                                                                       \
    X(ERR_IO, -4, "input or output failed")                                                                            \
    X(ERR_NOT_FOUND, -5, "not found")                                                                                  \
    X(ERR_TIMEOUT, -6, "the deadline passed")                                                                          \
    X(ERR_CLOSED, -7, "the connection is closed")                                                                      \
    X(ERR_UNSUPPORTED, -8, "not supported here")                                                                       \
    X(ERR_INTERNAL, -9, "internal error")

#define GW_STATUS_ENUM(name, value, text) GW_##name = (value),
typedef enum gw_status { GW_STATUS_TABLE(GW_STATUS_ENUM) } gw_status;
#undef GW_STATUS_ENUM

/* The text of a status, static, never NULL. */
const char *gw_status_text(gw_status status);

#endif
