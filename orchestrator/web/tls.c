/* SPDX-License-Identifier: Apache-2.0 */
/* tls.c - what TLS adds to a connection. */
#include "web/tls.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
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

bool
tls_send_last(struct MHD_Connection *conn, const void *p, size_t len)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	gnutls_session_t session;
	ssize_t n;

	if (info == NULL || info->tls_session == NULL)
		return false;
	session = (gnutls_session_t)info->tls_session;
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
