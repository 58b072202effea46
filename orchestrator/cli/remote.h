/* SPDX-License-Identifier: Apache-2.0 */
/* remote.h - which service is spoken to, and what it is shown. */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H

#include <stdbool.h>

/* Texts that are owned; NULL = not given. */
struct remote {
	char *socket_path; /* used where there is no server */
	char *server;	   /* "https://HOST[:PORT]" */
	char *token_file;
	char *token;
	char *ca;   /* file of certificates to trust */
	char *cert; /* file of a client certificate */
	char *key;  /* file of its key; NULL = in the same file */
	char *pin;  /* "sha256//BASE64", as `loep tls-cert` prints it */
};

/* Takes --server and its like; true where the option was one of them. */
bool remote_option(struct remote *remote, const char *name, const char *value);
/* Fills what was not given from the environment, reads the token; ends the
 * program with a sentence where something is wrong. */
void remote_settle(struct remote *remote);
void remote_release(struct remote *remote);

#endif
