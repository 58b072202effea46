/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h - what TLS adds to a connection; the only door to GnuTLS, which
 * libmicrohttpd brings.
 */
#ifndef WEB_TLS_H
#define WEB_TLS_H

#include "lib/err.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* PEM texts that the parent's descriptors held. */
struct tls {
	char *certificate;
	char *key;
	char *trust;   /* who may sign clients' certificates; NULL = none may */
	char *revoked; /* their revocation lists; NULL = none */
};

enum tls_peer {
	TLS_PEER_NONE, /* the client showed no certificate */
	TLS_PEER_GOOD,
	TLS_PEER_BAD
};

/*
 * Reads a descriptor to its end, from its start; NULL where it is not text or
 * longer than a MiB.  The caller frees.
 */
char *tls_read_text(int fd);
/*
 * The options of a daemon that speaks TLS 1.3, or 1.2 with forward secrecy
 * and authenticated encryption; at most 8 with the end.  tls must live as
 * long as the daemon.
 */
void tls_options(const struct tls *tls, struct MHD_OptionItem ret_options[8]);
/* Writes all of it, then says that nothing more comes; false = it did not. */
bool tls_send_last(struct MHD_Connection *conn, const void *p, size_t len);
/*
 * The client's certificate: its chain, dates, purpose and revocation are
 * checked.  GOOD: ret_spki is the SHA-256 of its SubjectPublicKeyInfo.  BAD:
 * why says what is wrong with it.
 */
#define TLS_SPKI_BYTES 32
#define TLS_WHY_BYTES  160
enum tls_peer tls_peer(struct MHD_Connection *conn, const struct tls *tls,
    uint8_t ret_spki[TLS_SPKI_BYTES], char why[TLS_WHY_BYTES]);
/* The client's address as text; "" where it has none (a Unix socket). */
void tls_address(struct MHD_Connection *conn, char *dst, size_t size);

#endif
