/* The rules that the harness itself judges, on every connection and whatever the scenario, by name. Floor 2.
 *
 * A protocol description maps these names to the requirement ids of its catalogue, so that a violation always names a
 * clause of the document that the peer claims to follow. */
#ifndef GW_PROTOCOL_RULES_H
#define GW_PROTOCOL_RULES_H

/* Who is meant: the side that opened the connection, or the one that accepted it. */
typedef enum gw_role { GW_ROLE_SERVER, GW_ROLE_CLIENT } gw_role;

/* X(NAME, "word in a description", requirement id that a server breaks, that a client breaks). The ids are those of the
 * family; a description may name others. */
#define GW_RULE_TABLE(X)                                                                                               \
    X(CONNECT, "connect", "S1", "C1")                 /* the upgrade at the endpoint */                                \
    X(HELLO_FIRST, "hello-first", "S2", "C2")         /* hello is the first message, and in time */                    \
    X(HELLO_ONCE, "hello-once", "S3", "C2")           /* no second hello */                                            \
    X(INTERVAL, "interval", "S4", "C9")               /* the announced interval is usable */                           \
    X(CADENCE, "cadence", "S5", "C3")                 /* the peer's heartbeats come in time */                         \
    X(TIMEOUT, "timeout", "S6", "C5")                 /* who stops beating is dropped in time */                       \
    X(KEEP_ALIVE, "keep-alive", "S7", "C6")           /* who beats is not dropped */                                   \
    X(HEARTBEAT_SHAPE, "heartbeat-shape", "S8", "C7") /* data of heartbeat and ask */                                  \
    X(ANSWER, "answer", "S11", "C4")                  /* an ask is answered at once */                                 \
    X(UNANSWERED_ASK, "unanswered-ask", "S10", "C4")  /* what becomes of who never answers */                          \
    X(DIRECTION, "direction", "S22", "C7")            /* events only from the side that the description names */       \
    X(ENVELOPE, "envelope", "S22", "C7")              /* one JSON text in the envelope, with a known event id */       \
    X(SURVIVAL, "survival", "S19", "C9")              /* malformed input harms neither the peer nor others */          \
    X(ALIVE, "alive", "S21", "C9")                    /* a fresh connection still gets hello */                        \
    X(UPGRADE, "upgrade", "RFC6455-4.2.2-H1", "RFC6455-4.1-X7")   /* 101, Upgrade, Connection */                       \
    X(ACCEPT, "accept", "RFC6455-4.2.2-H3", "RFC6455-4.1-X1")     /* the right Sec-WebSocket-Accept */                 \
    X(MASK, "mask", "RFC6455-5.1-L16", "RFC6455-5.1-X10")         /* a server never masks */                           \
    X(UNMASKED, "unmasked", "RFC6455-5.1-L13", "RFC6455-5.1-X11") /* a client always masks */                          \
    X(RSV, "rsv", "RFC6455-5.2-R8", "RFC6455-5.2-X12")            /* reserved bits are zero */                         \
    X(OPCODE, "opcode", "RFC6455-5.2-O4", "RFC6455-5.2-X13")      /* no reserved opcode */                             \
    X(LENGTH_FORM, "length-form", "RFC6455-5.2-L17", "RFC6455-5.2-X14")                                                \
    X(CONTROL_FRAME, "control-frame", "RFC6455-5.5-G15", "RFC6455-5.5-X15") /* at most 125 bytes, not fragmented */    \
    X(FRAGMENTS, "fragments", "RFC6455-5.4-G14",                                                                       \
      "RFC6455-5.4-X16") /* continuation only of an open message, nothing in between */                                \
    X(UTF8, "utf8", "RFC6455-8.1-U12", "RFC6455-8.1-X17")                  /* text is UTF-8 */                         \
    X(PING_ANSWER, "ping-answer", "RFC6455-5.5.3-P2", "RFC6455-5.5.2-X22") /* a ping is answered */                    \
    X(PONG, "pong", "RFC6455-5.5.3-P11", "RFC6455-5.5.3-X18") /* a pong carries a ping's data, or was not asked for */ \
    X(CLOSE_BODY, "close-body", "RFC6455-5.5.1-K21", "RFC6455-5.5.1-X19") /* empty, or code and UTF-8 reason */        \
    X(CLOSE_CODE, "close-code", "RFC6455-7.4-K22", "RFC6455-7.4-X20")     /* a code that may be sent */                \
    X(DATA_AFTER_CLOSE, "data-after-close", "RFC6455-5.5.1-K18", "RFC6455-5.5.1-X21")

typedef enum gw_rule {
#define GW_RULE_ENUM(name, word, server_id, client_id) GW_RULE_##name,
    GW_RULE_TABLE(GW_RULE_ENUM)
#undef GW_RULE_ENUM
        GW_RULE_COUNT
} gw_rule;

/* "hello-first" and so on; static. */
const char *gw_rule_word(gw_rule rule);

#endif
