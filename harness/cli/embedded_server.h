/* Where the reference server's program stands. Floor 5. */
#ifndef GW_CLI_EMBEDDED_SERVER_H
#define GW_CLI_EMBEDDED_SERVER_H

/* "gwspec-server" beside this program (as installed and as built); when there is none, the bare name, to be looked up
 * in PATH. The caller frees it; NULL: out of memory. */
char *gw_embedded_server_find(void);

#endif
