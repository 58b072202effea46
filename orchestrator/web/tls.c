/* SPDX-License-Identifier: Apache-2.0 */
/* tls.c - what TLS adds to a connection. */
#include "web/tls.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#define TEXT_BYTES_MAX ((size_t)1024 * 1024)

/*
 * RFC 9325: 1.3, and 1.2 with ephemeral keys and AEAD only; no renegotiation,
 * no session tickets' keys that outlive the process.
 */
static const char priorities[] =
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+ECDHE-RSA:+AES-256-GCM:"
    "+CHACHA20-POLY1305:+AES-128-GCM:+AEAD:+COMP-NULL:+CTYPE-X509:"
    "+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+SIGN-ECDSA-SHA256:"
    "+SIGN-ECDSA-SHA384:+SIGN-ECDSA-SECP256R1-SHA256:"
    "+SIGN-ECDSA-SECP384R1-SHA384:+SIGN-EDDSA-ED25519:+SIGN-RSA-PSS-SHA256:"
    "+SIGN-RSA-PSS-SHA384:+SIGN-RSA-PSS-RSAE-SHA256:"
    "+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:"
    "%SERVER_PRECEDENCE:%SAFE_RENEGOTIATION";

char *
tls_read_text(int fd)
{
	auto_free char *text = xmalloc(TEXT_BYTES_MAX + 1);
	size_t len = 0;
	ssize_t n;

	while (len <= TEXT_BYTES_MAX) {
		n = pread(fd, text + len, TEXT_BYTES_MAX + 1 - len, (off_t)len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return NULL;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	if (len == 0 || len > TEXT_BYTES_MAX || memchr(text, '\0', len))
		return NULL;
	return xstrndup(text, len);
}

void
tls_options(const struct tls *tls, struct MHD_OptionItem ret_options[8])
{
	size_t n = 0;

	ret_options[n++] = (struct MHD_OptionItem){
	    MHD_OPTION_HTTPS_MEM_CERT, 0, tls->certificate};
	ret_options[n++] =
	    (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key};
	ret_options[n++] = (struct MHD_OptionItem){
	    MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)priorities};
	if (tls->trust != NULL)
		ret_options[n++] = (struct MHD_OptionItem){
		    MHD_OPTION_HTTPS_MEM_TRUST, 0, tls->trust};
	ret_options[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
}

static gnutls_session_t
session_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return info == NULL ? NULL : (gnutls_session_t)info->tls_session;
}

bool
tls_send_last(struct MHD_Connection *conn, const void *p, size_t len)
{
	gnutls_session_t session = session_of(conn);
	ssize_t n;

	if (session == NULL)
		return false;
	/* Less than a record, into an empty buffer: it goes at once. */
	n = gnutls_record_send(session, p, len);
	(void)gnutls_bye(session, GNUTLS_SHUT_WR);
	return n >= 0 && (size_t)n == len;
}

void
tls_address(struct MHD_Connection *conn, char *dst, size_t size)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *addr = info == NULL ? NULL : info->client_addr;
	const struct sockaddr_in *four = (const void *)addr;
	const struct sockaddr_in6 *six = (const void *)addr;

	dst[0] = '\0';
	if (addr != NULL && addr->sa_family == AF_INET)
		(void)inet_ntop(AF_INET, &four->sin_addr, dst, (socklen_t)size);
	else if (addr != NULL && addr->sa_family == AF_INET6)
		(void)inet_ntop(
		    AF_INET6, &six->sin6_addr, dst, (socklen_t)size);
}

/*
 * libmicrohttpd knows of no revocation lists: they are added to what its
 * sessions share, once for each daemon.  False: that fails, so that nobody
 * can be trusted.
 */
static bool
add_revoked(gnutls_session_t session, const struct tls *tls)
{
	static gnutls_certificate_credentials_t done[16];
	gnutls_certificate_credentials_t cred = NULL;
	gnutls_datum_t list;

	if (tls->revoked == NULL)
		return true;
	if (gnutls_credentials_get(
		session, GNUTLS_CRD_CERTIFICATE, (void **)&cred) < 0)
		return false;
	for (size_t i = 0; i < sizeof(done) / sizeof(done[0]); i++) {
		if (done[i] == cred)
			return true;
		if (done[i] != NULL)
			continue;
		list.data = (unsigned char *)tls->revoked;
		list.size = (unsigned int)strlen(tls->revoked);
		if (gnutls_certificate_set_x509_crl_mem(
			cred, &list, GNUTLS_X509_FMT_PEM) <= 0)
			return false;
		done[i] = cred;
		return true;
	}
	return false;
}

static void
say_status(unsigned int status, char why[TLS_WHY_BYTES])
{
	gnutls_datum_t text = {NULL, 0};

	if (gnutls_certificate_verification_status_print(
		status, GNUTLS_CRT_X509, &text, 0) == 0)
		(void)snprintf(why, TLS_WHY_BYTES, "%.150s", text.data);
	gnutls_free(text.data);
}

static bool
read_key(const gnutls_datum_t *der, uint8_t ret_spki[TLS_SPKI_BYTES])
{
	size_t size = TLS_SPKI_BYTES;
	gnutls_x509_crt_t crt;
	bool is_read;

	if (gnutls_x509_crt_init(&crt) != 0)
		return false;
	is_read = gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER) == 0 &&
		  gnutls_x509_crt_get_key_id(
		      crt, GNUTLS_KEYID_USE_SHA256, ret_spki, &size) == 0 &&
		  size == TLS_SPKI_BYTES;
	gnutls_x509_crt_deinit(crt);
	return is_read;
}

enum tls_peer
tls_peer(struct MHD_Connection *conn, const struct tls *tls,
    uint8_t ret_spki[TLS_SPKI_BYTES], char why[TLS_WHY_BYTES])
{
	gnutls_session_t session = session_of(conn);
	gnutls_typed_vdata_st purpose = {
	    .type = GNUTLS_DT_KEY_PURPOSE_OID,
	    .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT,
	};
	const gnutls_datum_t *chain;
	unsigned int count = 0, status = 0;

	if (tls == NULL || tls->trust == NULL || session == NULL)
		return TLS_PEER_NONE;
	chain = gnutls_certificate_get_peers(session, &count);
	if (chain == NULL || count == 0)
		return TLS_PEER_NONE;
	(void)snprintf(why, TLS_WHY_BYTES, "the certificate cannot be checked");
	if (!add_revoked(session, tls) ||
	    gnutls_certificate_verify_peers(session, &purpose, 1, &status) != 0)
		return TLS_PEER_BAD;
	if (status != 0) {
		say_status(status, why);
		return TLS_PEER_BAD;
	}
	return read_key(&chain[0], ret_spki) ? TLS_PEER_GOOD : TLS_PEER_BAD;
}
