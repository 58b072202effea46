/* SPDX-License-Identifier: Apache-2.0 */
/* remote.c - which service is spoken to, and what it is shown. */
#include "cli/remote.h"

#include "cli/api.h"
#include "lib/own.h"
#include "lib/secret.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>

#define TOKEN_BYTES 256

static void
set(char **field, const char *value)
{
	free(*field);
	*field = xstrdup(value);
}

bool
remote_option(struct remote *remote, const char *name, const char *value)
{
	struct {
		const char *name;
		char **field;
	} const options[] = {
	    {"--socket", &remote->socket_path},
	    {"--server", &remote->server},
	    {"--token-file", &remote->token_file},
	    {"--ca", &remote->ca},
	    {"--pin", &remote->pin},
	    {"--cert", &remote->cert},
	    {"--key", &remote->key},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(name, options[i].name) == 0) {
			set(options[i].field, value);
			return true;
		}
	}
	return false;
}

static void
from_environment(char **field, const char *name)
{
	const char *value = getenv(name);

	if (*field == NULL && value != NULL && value[0] != '\0')
		*field = xstrdup(value);
}

/* A token that others may read is theirs, too. */
static char *
read_token(const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[TOKEN_BYTES];
	struct stat st;
	ssize_t n;

	if (fd == -1 || fstat(fd, &st) == -1)
		fail(
		    EXIT_NO_INPUT, "cannot read %s: %s", path, strerror(errno));
	if ((st.st_mode & 077) != 0)
		fail(EXIT_DENIED,
		    "others may read the token in %s; chmod 600 it", path);
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		fail(
		    EXIT_NO_INPUT, "cannot read %s: %s", path, strerror(errno));
	text[n] = '\0';
	text[strcspn(text, " \t\r\n")] = '\0';
	return xstrdup(text);
}

/* It becomes part of a header. */
static void
check_token(const char *token)
{
	static const char prefix[] = SECRET_TOKEN_PREFIX;
	size_t len = strlen(prefix);
	uint8_t secret[SECRET_BYTES];

	if (strncmp(token, prefix, len) != 0 ||
	    secret_decode(token + len, strlen(token + len), secret) != ERR_OK)
		fail(EXIT_USAGE,
		    "that is no token: one begins with %s and is made with "
		    "`loep user token add`",
		    prefix);
}

static void
check_server(struct remote *remote)
{
	size_t len = strlen(remote->server);

	if (strncasecmp(remote->server, "https://", 8) != 0)
		fail(EXIT_USAGE,
		    "--server is https://HOST or https://HOST:PORT");
	while (len > 8 && remote->server[len - 1] == '/')
		remote->server[--len] = '\0';
}

void
remote_settle(struct remote *remote)
{
	if (remote->socket_path == NULL)
		from_environment(&remote->server, "LOEP_SERVER");
	if (remote->server == NULL)
		return;
	check_server(remote);
	from_environment(&remote->token_file, "LOEP_TOKEN_FILE");
	from_environment(&remote->ca, "LOEP_CA");
	from_environment(&remote->pin, "LOEP_PIN");
	from_environment(&remote->cert, "LOEP_CERT");
	from_environment(&remote->key, "LOEP_KEY");
	if (remote->pin != NULL && strncmp(remote->pin, "sha256//", 8) != 0)
		fail(EXIT_USAGE,
		    "--pin is sha256//BASE64, as `loep tls-cert --show` "
		    "prints it on the server");
	if (remote->token_file != NULL)
		remote->token = read_token(remote->token_file);
	else
		from_environment(&remote->token, "LOEP_TOKEN");
	if (remote->token != NULL)
		check_token(remote->token);
}

void
remote_release(struct remote *remote)
{
	free(remote->socket_path);
	free(remote->server);
	free(remote->token_file);
	free(remote->token);
	free(remote->ca);
	free(remote->pin);
	free(remote->cert);
	free(remote->key);
}
