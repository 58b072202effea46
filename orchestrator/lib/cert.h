/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert.h - a certificate for first use: self-signed, for the names that
 * clients will call the server by.
 */
#ifndef LIB_CERT_H
#define LIB_CERT_H

#include "lib/digest.h"

#define CERT_NAMES_MAX 16

struct cert {
	char *certificate;	     /* PEM (RFC 7468), owned */
	char *key;		     /* PEM, PKCS #8, owned */
	uint8_t print[SHA256_BYTES]; /* SHA-256 of the certificate's DER */
};

/*
 * Makes an ECDSA P-256 key and a certificate (RFC 5280) for serverAuth, good
 * from now for that many days, whose alternative names are the given host
 * names and IP addresses (1 to CERT_NAMES_MAX).  ERR_FORMAT: a name is none,
 * or there are too many.
 */
int must_check cert_make(
    const char *const *names, size_t count, int days, struct cert *ret_cert);
/* Frees and forgets the key. */
void cert_release(struct cert *cert);
/* The fingerprint of the first certificate of a PEM text; ERR_FORMAT. */
int must_check cert_print(
    const char *pem, size_t len, uint8_t ret_print[SHA256_BYTES]);
/* The SHA-256 of the public key (SubjectPublicKeyInfo); ERR_FORMAT. */
int must_check cert_spki(
    const char *pem, size_t len, uint8_t ret_digest[SHA256_BYTES]);
/*
 * "sha256//BASE64" of its public key, which outlives the certificate where
 * that is renewed under the same key (as curl and RFC 7469 write it).
 */
#define CERT_PIN_BYTES 64
int must_check cert_pin(
    const char *pem, size_t len, char ret_pin[CERT_PIN_BYTES]);

#endif
