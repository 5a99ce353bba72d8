/* gwspec init: what a first look at a gateway showed, and the target file made of it. Floor 5, private to init*.c and
 * its command. */
#ifndef GW_CLI_INIT_H
#define GW_CLI_INIT_H

#include "cli/catalogue.h"
#include "cli/options.h"
#include "net/address.h"

typedef struct gw_init_look {
    bool reached;      /* a connection came about */
    bool upgraded;     /* 101 */
    bool hello;        /* what came is the hello of `protocol` */
    char protocol[64]; /* name of the description */
    gw_ns interval;    /* that hello announced; 0: none */
    gw_ns hello_after; /* of the 101 */
    char answer[256];  /* status line of what was no upgrade, or why there was no connection */
    char message[256]; /* the first message, printable, perhaps cut; "": none came */
    char closing[256]; /* the Close that it sent of its own: "4001 private  log in first"; "": it sent none */
} gw_init_look;

/* The scenario hello/at-once waits 5 s for a hello, and then its canary; twice, when another protocol is tried. */
#define GW_INIT_WAITS "looking: this takes up to 20 s when the gateway says nothing\n"

/* Connects once or twice. False when the catalogue cannot be loaded: the reason is printed. */
bool gw_init_look_at(const gw_options *options, const char *url, gw_init_look *look);
/* The starter file. */
void gw_init_append_target(const gw_options *options, const char *url, const gw_address_url *parts,
                           const gw_init_look *look, const gw_protocol *protocol, gw_buf *out);
/* The installed schema of that kind ("target") for an editor, as a path; NULL: there is none. The caller frees it. */
char *gw_init_schema_path(const char *kind);

#endif
