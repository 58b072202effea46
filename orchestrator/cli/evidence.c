/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.c - loep audit, verify: is everything still as it was? */
#include "cli/command.h"
#include "lib/audit.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>

static const struct table_column event_columns[] = {
    {"seq", "seq", 'd'},
    {"time", "at", 't'},
    {"who", "actor", 's'},
    {"action", "action", 's'},
    {"object", "object_kind", 's'},
    {"id", "object", 's'},
    {"outcome", "outcome", 's'},
    {NULL, NULL, 0},
};

static const struct table_column blob_columns[] = {
    {"state", "state", 's'},
    {"sha256", "sha256", 's'},
    {"size", "size", 'z'},
    {"artefact", "artefact", 's'},
    {"reason", "reason", 's'},
    {NULL, NULL, 0},
};

static void
audit_list(struct cli *cli, int argc, char **argv)
{
	const char *after =
	    argc == 4 && strcmp(argv[2], "--after") == 0 ? argv[3] : "0";

	print_rows(cli, api_list(cli->api, 0, "/audit?cursor=%s", after),
	    event_columns, "The chain is empty.");
}

static void
audit_export(struct cli *cli, int argc, char **argv)
{
	auto_close int fd = -1;
	uint64_t bytes;
	char size[32];

	if (argc != 4 || strcmp(argv[2], "-o") != 0)
		command_usage("audit", EXIT_USAGE);
	fd = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd == -1)
		fail(EXIT_CANNOT_WRITE, "cannot write %s: %s", argv[3],
		    strerror(errno));
	bytes = api_download(cli->api, fd, "/audit/export");
	printf("%s: %s. Check it with: loep audit verify %s\n", argv[3],
	    text_size(size, sizeof(size), bytes), argv[3]);
}

/* A key that the reader got elsewhere must be the one that signed. */
static void
compare_key(const struct audit_check *check, const char *hex)
{
	uint8_t key[SIGN_PUBLIC_BYTES];

	if (strlen(hex) != 2 * sizeof(key) ||
	    hex_decode(hex, key, sizeof(key)) != ERR_OK)
		fail(EXIT_USAGE, "--key takes 64 hexadecimal digits");
	if (memcmp(key, check->public_key, sizeof(key)) != 0)
		fail(EXIT_FAILED, "the export is signed by another key than "
				  "the one you gave");
}

static int
audit_verify(struct cli *cli, int argc, char **argv)
{
	struct audit_check check;
	auto_free char *line = NULL;
	size_t size = 0;
	ssize_t len;
	char hash[SHA256_HEX_BYTES], key[2 * SIGN_PUBLIC_BYTES + 1];
	FILE *f;
	int err = ERR_OK;

	(void)cli;
	if (argc < 3)
		command_usage("audit", EXIT_USAGE);
	f = fopen(argv[2], "re");
	if (f == NULL)
		fail(EXIT_NO_INPUT, "cannot read %s: %s", argv[2],
		    strerror(errno));
	audit_check_init(&check);
	while (err == ERR_OK && (len = getline(&line, &size, f)) != -1) {
		if (len > 0 && line[len - 1] == '\n')
			len--;
		err = audit_check_line(&check, line, (size_t)len);
	}
	if (err == ERR_OK)
		err = audit_check_end(&check);
	(void)fclose(f);
	if (err != ERR_OK)
		fail(EXIT_FAILED, "the audit chain is broken: %s", check.why);
	if (argc == 5 && strcmp(argv[3], "--key") == 0)
		compare_key(&check, argv[4]);
	hex_encode(hash, check.hash, sizeof(check.hash));
	hex_encode(key, check.public_key, sizeof(check.public_key));
	printf("The chain is whole: %lld events.\nhead  %s\nkey   %s\n",
	    (long long)check.seq, hash, key);
	return 0;
}

int
cmd_audit(struct cli *cli, int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "list") == 0)
		audit_list(cli, argc, argv);
	else if (argc >= 2 && strcmp(argv[1], "export") == 0)
		audit_export(cli, argc, argv);
	else if (argc >= 2 && strcmp(argv[1], "verify") == 0)
		return audit_verify(cli, argc, argv);
	else
		command_usage("audit", EXIT_USAGE);
	return 0;
}

int
cmd_verify(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body =
	    json_pack("{s:s}", "artefact", argc > 1 ? argv[1] : "");
	auto_json json_t *answer = NULL;
	json_t *items, *item;
	json_t *bad = json_array();
	size_t at, total;
	int status;

	if (!cli->is_quiet && !cli->is_json)
		progress_line("reading and hashing every blob ...");
	answer = api_post(cli->api, body, "/verify");
	progress_clear();
	items = json_object_get(answer, "items");
	total = json_array_size(items);
	if (!json_is_true(json_object_get(answer, "done")))
		fail(EXIT_TEMPORARY, "stopped after %zu blobs: %s", total,
		    json_member_text(json_object_get(answer, "problem"),
			"detail", "no reason given"));
	json_array_foreach(items, at, item)
	{
		if (strcmp(json_member_text(item, "state", ""), "ok") != 0)
			(void)json_array_append(bad, item);
	}
	status = json_array_size(bad) > 0 ? EXIT_FAILED : 0;
	if (cli->is_json) {
		print_json(items);
	} else {
		printf("%zu of %zu blobs are whole.\n",
		    total - json_array_size(bad), total);
		table_print(bad, blob_columns, NULL);
	}
	json_decref(bad);
	return status;
}
