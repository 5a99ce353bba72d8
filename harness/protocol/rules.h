/* The rules that the harness itself judges, on every connection and whatever the scenario, by name. Floor 2.
 *
 * A protocol description maps these names to the requirement ids of its catalogue, so that a violation always names a
 * clause of the document that the peer claims to follow. */
#ifndef GW_PROTOCOL_RULES_H
#define GW_PROTOCOL_RULES_H

/* Who is meant: the side that opened the connection, or the one that accepted it. */
typedef enum gw_role { GW_ROLE_SERVER, GW_ROLE_CLIENT } gw_role;

/* X(NAME, "word in a description", default requirement id, or NULL: the word itself). */
#define GW_RULE_TABLE(X)                                                                                               \
    X(CONNECT, "connect", NULL)                 /* the upgrade at the endpoint */                                      \
    X(HELLO_FIRST, "hello-first", NULL)         /* hello is the first message, and in time */                          \
    X(HELLO_ONCE, "hello-once", NULL)           /* no second hello */                                                  \
    X(INTERVAL, "interval", NULL)               /* the announced interval is usable */                                 \
    X(CADENCE, "cadence", NULL)                 /* the peer's heartbeats come in time */                               \
    X(TIMEOUT, "timeout", NULL)                 /* who stops beating is dropped in time */                             \
    X(KEEP_ALIVE, "keep-alive", NULL)           /* who beats is not dropped */                                         \
    X(HEARTBEAT_SHAPE, "heartbeat-shape", NULL) /* data of heartbeat and ask */                                        \
    X(ANSWER, "answer", NULL)                   /* an ask is answered at once */                                       \
    X(UNANSWERED_ASK, "unanswered-ask", NULL)   /* what becomes of who never answers */                                \
    X(DIRECTION, "direction", NULL)             /* events only from the side that the description names */             \
    X(ENVELOPE, "envelope", NULL)               /* one JSON text in the envelope, with a known event id */             \
    X(SURVIVAL, "survival", NULL)               /* malformed input harms neither the peer nor others */                \
    X(ALIVE, "alive", NULL)                     /* a fresh connection still gets hello */                              \
    X(UPGRADE, "upgrade", "RFC6455-4.2.2-H1")   /* 101, Upgrade, Connection */                                         \
    X(ACCEPT, "accept", "RFC6455-4.2.2-H3")     /* the right Sec-WebSocket-Accept */                                   \
    X(MASK, "mask", "RFC6455-5.1-L16")          /* a server never masks */                                             \
    X(UNMASKED, "unmasked", "RFC6455-5.1-X11")  /* a client always masks */                                            \
    X(RSV, "rsv", "RFC6455-5.2-I1")             /* reserved bits are zero */                                           \
    X(OPCODE, "opcode", "RFC6455-5.2-I2")       /* no reserved opcode */                                               \
    X(LENGTH_FORM, "length-form", "RFC6455-5.2-I3")                                                                    \
    X(CONTROL_FRAME, "control-frame", "RFC6455-5.5-I4") /* at most 125 bytes, not fragmented */                        \
    X(FRAGMENTS, "fragments", "RFC6455-5.4-I5")         /* continuation only of an open message, nothing in between */ \
    X(UTF8, "utf8", "RFC6455-5.6-I6")                   /* text is UTF-8 */                                            \
    X(PONG, "pong", "RFC6455-5.5.3-I7")                 /* a pong carries a ping's data, or was not asked for */       \
    X(CLOSE_BODY, "close-body", "RFC6455-5.5.1-I8")     /* empty, or code and UTF-8 reason */                          \
    X(CLOSE_CODE, "close-code", "RFC6455-7.4-I9")       /* a code that may be sent */                                  \
    X(DATA_AFTER_CLOSE, "data-after-close", "RFC6455-5.5.1-K18")

typedef enum gw_rule {
#define GW_RULE_ENUM(name, word, id) GW_RULE_##name,
    GW_RULE_TABLE(GW_RULE_ENUM)
#undef GW_RULE_ENUM
        GW_RULE_COUNT
} gw_rule;

/* "hello-first" and so on; static. */
const char *gw_rule_word(gw_rule rule);

#endif
