/* SPDX-License-Identifier: Apache-2.0 */
/* cert.c - a self-signed certificate for first use. */
#include "lib/cert.h"

#include "lib/own.h"
#include "lib/seal.h"
#include "lib/xalloc.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#define SERIAL_BYTES 16
#define DAY_SECONDS  86400L
#define NAME_BYTES   253

static bool
is_address(const char *name)
{
	uint8_t bytes[16];

	return inet_pton(AF_INET, name, bytes) == 1 ||
	       inet_pton(AF_INET6, name, bytes) == 1;
}

/* What a host name may hold; it becomes part of OpenSSL's little language. */
static bool
is_host(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NAME_BYTES &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
			    "WXYZ0123456789-.*") == len;
}

/* "DNS:a,IP:b"; NULL where a name is none.  The caller frees. */
static char *
alternative_names(const char *const *names, size_t count)
{
	char *list = xstrdup("");

	for (size_t i = 0; i < count; i++) {
		bool is_ip = is_address(names[i]);
		char *longer;

		if (!is_ip && !is_host(names[i])) {
			free(list);
			return NULL;
		}
		longer = xasprintf("%s%s%s:%s", list, i == 0 ? "" : ",",
		    is_ip ? "IP" : "DNS", names[i]);
		free(list);
		list = longer;
	}
	return list;
}

static bool
add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX ctx;
	bool is_added;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (extension == NULL)
		return false;
	is_added = X509_add_ext(x, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return is_added;
}

static bool
set_serial(X509 *x)
{
	uint8_t bytes[SERIAL_BYTES];
	BIGNUM *number;
	bool is_set;

	random_bytes(bytes, sizeof(bytes));
	/* Positive, and never zero. */
	bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	is_set = number != NULL &&
		 BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x)) != NULL;
	BN_free(number);
	return is_set;
}

static bool
fill(X509 *x, EVP_PKEY *key, const char *const *names, const char *list,
    int days)
{
	X509_NAME *subject = X509_get_subject_name(x);
	const unsigned char *common = (const unsigned char *)names[0];
	/* A common name has at most 64 characters; nobody reads it. */
	int len = strlen(names[0]) > 64 ? 64 : (int)strlen(names[0]);

	return X509_set_version(x, 2) == 1 && set_serial(x) &&
	       /* A clock that is a little slow must not refuse it. */
	       X509_gmtime_adj(X509_getm_notBefore(x), -3600) != NULL &&
	       X509_gmtime_adj(
		   X509_getm_notAfter(x), (long)days * DAY_SECONDS) != NULL &&
	       X509_set_pubkey(x, key) == 1 &&
	       X509_NAME_add_entry_by_txt(
		   subject, "CN", MBSTRING_UTF8, common, len, -1, 0) == 1 &&
	       X509_set_issuer_name(x, subject) == 1 &&
	       add_extension(x, NID_subject_alt_name, list) &&
	       add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(x, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(x, NID_ext_key_usage, "serverAuth") &&
	       add_extension(x, NID_subject_key_identifier, "hash") &&
	       X509_sign(x, key, EVP_sha256()) > 0;
}

static char *
take_text(BIO *bio)
{
	char *p;
	long len = BIO_get_mem_data(bio, &p);

	return xstrndup(p, len < 0 ? 0 : (size_t)len);
}

static int
write_out(X509 *x, EVP_PKEY *key, struct cert *cert)
{
	/* Secure memory is forgotten with the BIO. */
	BIO *secret = BIO_new(BIO_s_secmem());
	BIO *plain = BIO_new(BIO_s_mem());
	unsigned int len;
	int err = ERR_SYS;

	if (secret != NULL && plain != NULL &&
	    PEM_write_bio_PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL) ==
		1 &&
	    PEM_write_bio_X509(plain, x) == 1 &&
	    X509_digest(x, EVP_sha256(), cert->print, &len) == 1) {
		cert->key = take_text(secret);
		cert->certificate = take_text(plain);
		err = ERR_OK;
	}
	BIO_free(secret);
	BIO_free(plain);
	return err;
}

int
cert_make(
    const char *const *names, size_t count, int days, struct cert *ret_cert)
{
	auto_free char *list = NULL;
	EVP_PKEY *key;
	X509 *x;
	int err = ERR_SYS;

	*ret_cert = (struct cert){0};
	if (count == 0 || count > CERT_NAMES_MAX || days < 1 || days > 3650)
		return ERR_FORMAT;
	list = alternative_names(names, count);
	if (list == NULL)
		return ERR_FORMAT;
	key = EVP_EC_gen("P-256");
	x = X509_new();
	if (key != NULL && x != NULL && fill(x, key, names, list, days))
		err = write_out(x, key, ret_cert);
	X509_free(x);
	EVP_PKEY_free(key);
	return err;
}

void
cert_release(struct cert *cert)
{
	if (cert->key != NULL)
		seal_forget(cert->key, strlen(cert->key));
	free(cert->key);
	free(cert->certificate);
	*cert = (struct cert){0};
}

/* NULL where there is none. */
static X509 *
read_certificate(const char *pem, size_t len)
{
	BIO *bio = len > 1024 * 1024 ? NULL : BIO_new_mem_buf(pem, (int)len);
	X509 *x = NULL;

	if (bio != NULL)
		x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	return x;
}

int
cert_print(const char *pem, size_t len, uint8_t ret_print[SHA256_BYTES])
{
	X509 *x = read_certificate(pem, len);
	unsigned int digest_len;
	int err = ERR_FORMAT;

	if (x != NULL &&
	    X509_digest(x, EVP_sha256(), ret_print, &digest_len) == 1)
		err = ERR_OK;
	X509_free(x);
	return err;
}

int
cert_spki(const char *pem, size_t len, uint8_t ret_digest[SHA256_BYTES])
{
	X509 *x = read_certificate(pem, len);
	unsigned char *der = NULL;
	int der_len;

	if (x == NULL)
		return ERR_FORMAT;
	der_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	X509_free(x);
	if (der_len <= 0)
		return ERR_FORMAT;
	sha256_once(der, (size_t)der_len, ret_digest);
	OPENSSL_free(der);
	return ERR_OK;
}

int
cert_pin(const char *pem, size_t len, char ret_pin[CERT_PIN_BYTES])
{
	unsigned char text[4 * SHA256_BYTES / 3 + 8];
	uint8_t digest[SHA256_BYTES];
	int err = cert_spki(pem, len, digest);

	if (err != ERR_OK)
		return err;
	(void)EVP_EncodeBlock(text, digest, sizeof(digest));
	(void)snprintf(ret_pin, CERT_PIN_BYTES, "sha256//%s", (char *)text);
	return ERR_OK;
}
