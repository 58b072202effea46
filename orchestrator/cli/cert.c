/* SPDX-License-Identifier: Apache-2.0 */
/* cert.c - loep tls-cert: a self-signed certificate for first use. */
#include "lib/cert.h"
#include "cli/command.h"
#include "lib/own.h"
#include "lib/seal.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sys/stat.h>

/* What clients accept of a server's certificate, rounded down. */
#define DAYS_USUAL 397
#define PEM_BYTES  ((size_t)65536)

/* For people, and for --pin; false where it is no certificate. */
static bool
print_fingerprint(const char *pem, size_t len)
{
	uint8_t print[SHA256_BYTES];
	char pin[CERT_PIN_BYTES];

	if (cert_print(pem, len, print) != ERR_OK ||
	    cert_pin(pem, len, pin) != ERR_OK)
		return false;
	printf("SHA-256 ");
	for (size_t i = 0; i < SHA256_BYTES; i++)
		printf("%s%02X", i == 0 ? "" : ":", print[i]);
	printf("\npin     %s\n", pin);
	return true;
}

/* Under another name first, so that there is never half a file. */
static void
put(const char *folder, const char *name, const char *text, mode_t mode)
{
	auto_free char *path = xasprintf("%s/%s", folder, name);
	auto_free char *draft = xasprintf("%s/%s.new", folder, name);
	auto_close int fd = -1;
	size_t len = strlen(text);

	(void)unlink(draft);
	fd = open(
	    draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd == -1 || write(fd, text, len) != (ssize_t)len ||
	    fsync(fd) == -1 || rename(draft, path) == -1)
		fail(EXIT_CANNOT_WRITE, "cannot write %s: %s", path,
		    strerror(errno));
}

static void
make(const struct cli *cli, const char *const *names, size_t count, int days)
{
	auto_free char *folder = xasprintf("%s/tls", cli->state_dir);
	struct cert cert;

	if (cert_make(names, count, days, &cert) != ERR_OK)
		fail(EXIT_USAGE,
		    "cannot make a certificate: names are host names or IP "
		    "addresses, at most %d",
		    CERT_NAMES_MAX);
	if (mkdir(folder, 0700) == -1 && errno != EEXIST)
		fail(EXIT_CANNOT_WRITE, "cannot make %s: %s", folder,
		    strerror(errno));
	put(folder, "key.pem", cert.key, 0600);
	put(folder, "cert.pem", cert.certificate, 0644);
	(void)print_fingerprint(cert.certificate, strlen(cert.certificate));
	cert_release(&cert);
}

static bool
show(const struct cli *cli)
{
	auto_free char *path = xasprintf("%s/tls/cert.pem", cli->state_dir);
	auto_free char *pem = xmalloc(PEM_BYTES);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? -1 : read(fd, pem, PEM_BYTES);

	return n > 0 && print_fingerprint(pem, (size_t)n);
}

static size_t
own_names(const char **names, char *host, size_t size)
{
	size_t count = 0;

	host[0] = '\0';
	if (gethostname(host, size) == 0 && host[0] != '\0' &&
	    strcmp(host, "localhost") != 0)
		names[count++] = host;
	names[count++] = "localhost";
	names[count++] = "127.0.0.1";
	names[count++] = "::1";
	return count;
}

void
cert_first(const struct cli *cli)
{
	const char *names[4];
	char host[64];

	if (!show(cli))
		make(cli, names, own_names(names, host, sizeof(host)),
		    DAYS_USUAL);
}

int
cmd_tls_cert(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
	    {"name", required_argument, NULL, 'n'},
	    {"days", required_argument, NULL, 'd'},
	    {"force", no_argument, NULL, 'f'},
	    {"show", no_argument, NULL, 's'},
	    {NULL, 0, NULL, 0},
	};
	auto_free char *path = xasprintf("%s/tls/key.pem", cli->state_dir);
	const char *names[CERT_NAMES_MAX];
	char host[64];
	size_t count = 0;
	bool is_forced = false, is_show = false;
	int c, days = DAYS_USUAL;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'n' && count < CERT_NAMES_MAX)
			names[count++] = optarg;
		else if (c == 'd')
			days = (int)strtol(optarg, NULL, 10);
		else if (c == 'f')
			is_forced = true;
		else if (c == 's')
			is_show = true;
		else
			command_usage("tls-cert", EXIT_USAGE);
	}
	if (is_show) {
		if (!show(cli))
			fail(EXIT_NO_INPUT, "there is no certificate in %s/tls",
			    cli->state_dir);
		return 0;
	}
	if (!is_forced && access(path, F_OK) == 0)
		fail(EXIT_FAILED,
		    "%s is there; --force replaces it, and clients that know "
		    "its fingerprint must learn the new one",
		    path);
	if (count == 0)
		count = own_names(names, host, sizeof(host));
	make(cli, names, count, days);
	return 0;
}
