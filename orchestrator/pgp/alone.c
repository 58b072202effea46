/* SPDX-License-Identifier: Apache-2.0 */
/* alone.c - loep-pgp by hand: makes a key, shows keys. */
#include "pgp/alone.h"

#include "lib/fileio.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "pgp/keyring.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define EXIT_USAGE	 2
#define EXIT_FAILED	 1
#define DAYS_USUAL	 730
#define DAY_S		 86400
#define DAYS_MAX	 3650
#define PASSPHRASE_BYTES 1024

struct alone {
	const char *user_id;
	const char *file;
	const char *passphrase_file;
	uint32_t days;
};

static int
complain(const char *what, const char *detail)
{
	(void)fprintf(stderr, "loep-pgp: %s%s\n", what, detail);
	return EXIT_FAILED;
}

/* --- making one --- */

static bool
set_primary(rnp_op_generate_t op, const struct alone *alone)
{
	return rnp_op_generate_set_userid(op, alone->user_id) == RNP_SUCCESS &&
	       rnp_op_generate_set_hash(op, RNP_ALGNAME_SHA256) ==
		   RNP_SUCCESS &&
	       rnp_op_generate_add_usage(op, "sign") == RNP_SUCCESS &&
	       rnp_op_generate_add_usage(op, "certify") == RNP_SUCCESS &&
	       rnp_op_generate_set_expiration(op, alone->days * DAY_S) ==
		   RNP_SUCCESS &&
	       rnp_op_generate_add_pref_hash(op, RNP_ALGNAME_SHA256) ==
		   RNP_SUCCESS &&
	       rnp_op_generate_add_pref_cipher(op, RNP_ALGNAME_AES_256) ==
		   RNP_SUCCESS;
}

static rnp_key_handle_t
generate(rnp_ffi_t ffi, const struct alone *alone)
{
	rnp_op_generate_t op = NULL, sub = NULL;
	rnp_key_handle_t key = NULL;
	bool is_made;

	is_made = rnp_op_generate_create(&op, ffi, RNP_ALGNAME_EDDSA) ==
		      RNP_SUCCESS &&
		  set_primary(op, alone) &&
		  rnp_op_generate_execute(op) == RNP_SUCCESS &&
		  rnp_op_generate_get_key(op, &key) == RNP_SUCCESS;
	is_made =
	    is_made &&
	    rnp_op_generate_subkey_create(&sub, ffi, key, RNP_ALGNAME_ECDH) ==
		RNP_SUCCESS &&
	    rnp_op_generate_set_curve(sub, "Curve25519") == RNP_SUCCESS &&
	    rnp_op_generate_set_hash(sub, RNP_ALGNAME_SHA256) == RNP_SUCCESS &&
	    rnp_op_generate_add_usage(sub, "encrypt") == RNP_SUCCESS &&
	    rnp_op_generate_set_expiration(sub, alone->days * DAY_S) ==
		RNP_SUCCESS &&
	    rnp_op_generate_execute(sub) == RNP_SUCCESS;
	(void)rnp_op_generate_destroy(op);
	(void)rnp_op_generate_destroy(sub);
	if (!is_made) {
		(void)rnp_key_handle_destroy(key);
		return NULL;
	}
	return key;
}

static int
make_key(const struct alone *alone)
{
	rnp_ffi_t ffi = NULL;
	rnp_key_handle_t key = NULL;
	rnp_output_t output = NULL;
	uint8_t *buf = NULL;
	size_t len = 0;
	int status = EXIT_FAILED;

	if (rnp_ffi_create(&ffi, RNP_KEYSTORE_GPG, RNP_KEYSTORE_GPG) ==
	    RNP_SUCCESS)
		key = generate(ffi, alone);
	if (key != NULL &&
	    rnp_output_to_memory(&output, KEYRING_BYTES_MAX) == RNP_SUCCESS &&
	    rnp_key_export(key, output,
		RNP_KEY_EXPORT_ARMORED | RNP_KEY_EXPORT_SECRET |
		    RNP_KEY_EXPORT_SUBKEYS) == RNP_SUCCESS &&
	    rnp_output_memory_get_buf(output, &buf, &len, false) ==
		RNP_SUCCESS &&
	    file_write(STDOUT_FILENO, buf, len) == ERR_OK) {
		explicit_bzero(buf, len);
		status = 0;
	}
	(void)rnp_output_destroy(output);
	(void)rnp_key_handle_destroy(key);
	(void)rnp_ffi_destroy(ffi);
	return status == 0 ? 0 : complain("cannot make a key", "");
}

/* --- showing them --- */

static char *
read_file(const char *path, size_t max, size_t *ret_len)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	*ret_len = 0;
	return fd == -1 ? NULL : file_read_text(fd, max, ret_len);
}

static int
show(const struct alone *alone)
{
	char why[KEYRING_WHY_BYTES] = "";
	size_t len, pass_len;
	auto_free char *text = read_file(alone->file, KEYRING_BYTES_MAX, &len);
	auto_free char *passphrase = alone->passphrase_file == NULL
					 ? xstrdup("")
					 : read_file(alone->passphrase_file,
					       PASSPHRASE_BYTES, &pass_len);
	auto_free char *said = NULL;
	struct keyring keyring;
	int err;

	if (text == NULL)
		return complain("cannot read ", alone->file);
	if (passphrase == NULL)
		return complain("cannot read ", alone->passphrase_file);
	passphrase[strcspn(passphrase, "\r\n")] = '\0';
	err = keyring_load(&keyring, text, len, passphrase, why);
	explicit_bzero(passphrase, strlen(passphrase));
	explicit_bzero(text, len);
	if (err == ERR_OK) {
		said = json_canonical(keyring.list);
		(void)puts(said);
	}
	keyring_release(&keyring);
	return err == ERR_OK ? 0 : complain(why, "");
}

int
alone_main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"make-key", required_argument, NULL, 'm'},
	    {"days", required_argument, NULL, 'd'},
	    {"show", required_argument, NULL, 's'},
	    {"passphrase-file", required_argument, NULL, 'p'},
	    {NULL, 0, NULL, 0},
	};
	struct alone alone = {.days = DAYS_USUAL};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'm')
			alone.user_id = optarg;
		else if (c == 'd')
			alone.days = (uint32_t)strtoul(optarg, NULL, 10);
		else if (c == 's')
			alone.file = optarg;
		else if (c == 'p')
			alone.passphrase_file = optarg;
		else
			return EXIT_USAGE;
	}
	if (alone.days == 0 || alone.days > DAYS_MAX)
		return complain("a key lasts 1 to 3650 days", "");
	if (alone.user_id != NULL)
		return make_key(&alone);
	if (alone.file != NULL)
		return show(&alone);
	return EXIT_USAGE;
}
