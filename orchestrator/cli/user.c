/* SPDX-License-Identifier: Apache-2.0 */
/* user.c - loep user: accounts, invitations, passwords, tokens. */
#include "cli/command.h"
#include "cli/prompt.h"
#include "lib/cert.h"
#include "lib/own.h"
#include "lib/seal.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>

#define CERTIFICATE_BYTES ((size_t)65536)

static const struct table_column user_columns[] = {
    {"id", "id", 's'},
    {"name", "name", 's'},
    {"login", "login", 's'},
    {"organisation", "org_name", 's'},
    {"kind", "kind", 's'},
    {"uid", "uid", 'd'},
    {"state", "state", 's'},
    {"code", "has_totp", 'f'},
    {"provider", "has_oidc", 'f'},
    {"capabilities", "capabilities", 's'},
    {NULL, NULL, 0},
};

static const struct table_column token_columns[] = {
    {"id", "id", 's'},
    {"account", "account_name", 's'},
    {"name", "name", 's'},
    {"expires", "expires", 't'},
    {"used", "used", 't'},
    {"revoked", "revoked", 't'},
    {"capabilities", "capabilities", 's'},
    {NULL, NULL, 0},
};

static const struct table_column stranger_columns[] = {
    {"code", "code", 's'},
    {"provider", "issuer", 's'},
    {"name there", "subject", 's'},
    {"came", "used", 't'},
    {"waits until", "expires", 't'},
    {"turned away", "refused", 't'},
    {NULL, NULL, 0},
};

static bool
has_flag(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], name) == 0)
			return true;
	}
	return false;
}

/* Adds the option's text, where there is one, as a member. */
static void
put_option(json_t *body, int argc, char **argv, const char *option)
{
	const char *value = command_option(argc, argv, option, NULL);

	if (value != NULL &&
	    json_object_set_new(body, option + 2, json_string(value)) == -1)
		fail(EXIT_USAGE, "the text of %s is not UTF-8", option);
}

/* Usual sets of capabilities; what is given is the words, never the role. */
static const struct {
	const char *name;
	const char *capabilities;
} roles[] = {
    {"operator", "submit withdraw"},
    {"manager", "submit withdraw manage_org_users audit_read"},
    {"analyst", "submit analyse run_vm download_sample verdict claim unseal "
		"read_all_orgs share_partner share_community"},
    {"reviewer", "analyse verdict claim approve_report approve_rules unseal "
		 "read_all_orgs"},
    {"rules", "manage_rules activate_rules read_all_orgs"},
    {"crisis", "activate_crisis approve_crisis metrics_read"},
    {"auditor", "audit_read metrics_read"},
    {"administrator", "manage_staff manage_vm_images manage_policy "
		      "approve_policy audit_read metrics_read manage_keys"},
};

/* The words of --capabilities, or those of --role; else the fallback. */
static const char *
capabilities_of(int argc, char **argv, const char *fallback)
{
	const char *role = command_option(argc, argv, "--role", NULL);

	if (role == NULL)
		return command_option(argc, argv, "--capabilities", fallback);
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strcmp(roles[i].name, role) == 0)
			return roles[i].capabilities;
	}
	fail(EXIT_USAGE,
	    "--role is one of operator manager (of an organisation) analyst "
	    "reviewer rules crisis auditor administrator");
}

static json_t *
new_body(const char *name, const char *value)
{
	json_t *body = json_pack("{s:s}", name, value);

	if (body == NULL)
		fail(EXIT_USAGE, "\"%s\" is not UTF-8", name);
	return body;
}

static void
show_made(const struct cli *cli, const char *what, json_t *made)
{
	if (cli->is_json)
		print_json(made);
	else
		printf("%s %s\n", what, json_member_text(made, "id", ""));
	json_decref(made);
}

static void
user_add(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body = new_body("name", command_object(argc, argv));
	const char *uid = command_option(argc, argv, "--uid", NULL);

	put_option(body, argc, argv, "--org");
	put_option(body, argc, argv, "--kind");
	put_option(body, argc, argv, "--login");
	(void)json_object_set_new(body, "capabilities",
	    json_string(capabilities_of(argc, argv, "submit")));
	if (uid != NULL)
		(void)json_object_set_new(
		    body, "uid", json_integer(strtoll(uid, NULL, 10)));
	show_made(cli, "Account", api_post(cli->api, body, "/accounts"));
}

static void
user_set(struct cli *cli, int argc, char **argv, const char *state)
{
	const char *words = capabilities_of(argc, argv, NULL);
	auto_json json_t *body = json_object();

	if (words != NULL)
		(void)json_object_set_new(
		    body, "capabilities", json_string(words));
	put_option(body, argc, argv, "--login");
	if (state != NULL)
		(void)json_object_set_new(body, "state", json_string(state));
	if (json_object_size(body) == 0)
		command_usage("user", EXIT_USAGE);
	show_made(cli, "Account",
	    api_post(
		cli->api, body, "/accounts/%s", command_object(argc, argv)));
}

static void
user_invite(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body = json_pack(
	    "{s:b}", "resets_totp", has_flag(argc, argv, "--reset-totp"));
	auto_json json_t *made = api_post(cli->api, body,
	    "/accounts/%s/invitation", command_object(argc, argv));

	if (cli->is_json) {
		print_json(made);
		return;
	}
	printf("Give this to %s, and to nobody else; it is good once, until "
	       "%s:\n  %s\nThey set their password with it: loep --server "
	       "https://... user accept\n",
	    json_member_text(made, "login", ""),
	    json_member_text(made, "expires", ""),
	    json_member_text(made, "token", ""));
}

/* Twice, so that a slip does not lock anybody out. */
static char *
new_password(void)
{
	char *one = prompt_secret("New password: ");
	char *two = prompt_secret("The same again: ");
	bool is_same = strcmp(one, two) == 0;

	seal_forget(two, strlen(two));
	free(two);
	if (!is_same)
		fail(EXIT_USAGE, "the two are not the same");
	return one;
}

static void
user_accept(struct cli *cli)
{
	auto_free char *invitation = prompt_secret("Invitation: ");
	auto_free char *password = new_password();
	auto_json json_t *body = json_pack(
	    "{s:s, s:s}", "invitation", invitation, "password", password);
	auto_json json_t *made = NULL;

	seal_forget(password, strlen(password));
	if (body == NULL)
		fail(EXIT_USAGE, "the password is not UTF-8");
	made = api_post(cli->api, body, "/invitations/accept");
	printf("The password is set; your login name is %s.\n",
	    json_member_text(made, "login", ""));
}

static void
user_passwd(struct cli *cli)
{
	auto_free char *password = new_password();
	auto_json json_t *body = json_pack("{s:s}", "new", password);

	seal_forget(password, strlen(password));
	if (body == NULL)
		fail(EXIT_USAGE, "the password is not UTF-8");
	json_decref(api_post(cli->api, body, "/password"));
	printf("The password is changed; all log-ins have ended.\n");
}

static void
user_totp(struct cli *cli, int argc, char **argv)
{
	bool is_removal = argc > 2 && strcmp(argv[2], "remove") == 0;
	auto_json json_t *begun =
	    is_removal ? NULL : api_post(cli->api, NULL, "/totp");
	auto_free char *code = NULL;
	auto_json json_t *body = NULL;
	auto_json json_t *made = NULL;
	json_t *item;
	size_t i;

	if (begun != NULL)
		printf("Secret for the authenticator app: %s\n%s\n",
		    json_member_text(begun, "secret", ""),
		    json_member_text(begun, "uri", ""));
	code = prompt_secret("Code: ");
	body = new_body("code", code);
	made = api_post(
	    cli->api, body, is_removal ? "/totp/remove" : "/totp/confirm");
	if (is_removal) {
		printf("The second factor is removed.\n");
		return;
	}
	printf("Log-ins need a code from now on.  Keep these; each is good "
	       "once, without the app:\n");
	json_array_foreach(json_object_get(made, "codes"), i, item) printf(
	    "  %s\n", json_is_string(item) ? json_string_value(item) : "");
}

/* Into a file that nobody else reads, or on the terminal. */
static void
keep_token(const char *path, const char *token)
{
	auto_close int fd = -1;

	if (path == NULL) {
		printf("%s\n", token);
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1 || dprintf(fd, "%s\n", token) < 0)
		fail(EXIT_CANNOT_WRITE, "cannot write %s: %s", path,
		    strerror(errno));
}

static void
token_add(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body = new_body("name", argc > 3 ? argv[3] : "loep");
	const char *days = command_option(argc, argv, "--days", NULL);
	auto_json json_t *made = NULL;

	put_option(body, argc, argv, "--account");
	(void)json_object_set_new(body, "capabilities",
	    json_string(
		command_option(argc, argv, "--capabilities", "submit")));
	if (days != NULL)
		(void)json_object_set_new(
		    body, "days", json_integer(strtoll(days, NULL, 10)));
	made = api_post(cli->api, body, "/tokens");
	if (cli->is_json) {
		print_json(made);
		return;
	}
	fprintf(stderr, "Token %s, good until %s; it is shown this once.\n",
	    json_member_text(made, "id", ""),
	    json_member_text(made, "expires", ""));
	keep_token(command_option(argc, argv, "-o", NULL),
	    json_member_text(made, "token", ""));
}

static void
user_token(struct cli *cli, int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[2] : "list";

	if (strcmp(verb, "list") == 0) {
		print_rows(cli, api_list(cli->api, 0, "/tokens"), token_columns,
		    "No tokens.");
	} else if (strcmp(verb, "add") == 0) {
		token_add(cli, argc, argv);
	} else if (strcmp(verb, "revoke") == 0 && argc > 3) {
		json_decref(
		    api_post(cli->api, NULL, "/tokens/%s/revoke", argv[3]));
		printf("Nobody gets in with it any more.\n");
	} else {
		command_usage("user", EXIT_USAGE);
	}
}

/* The key of a certificate becomes the account's, or (remove) nobody's. */
static void
user_cert(struct cli *cli, int argc, char **argv)
{
	const char *path = argc > 3 ? argv[3] : NULL;
	auto_json json_t *body = json_object();
	auto_close int fd = -1;
	char pem[CERTIFICATE_BYTES], hex[SHA256_HEX_BYTES];
	uint8_t digest[SHA256_BYTES];
	ssize_t n;

	if (path == NULL)
		command_usage("user", EXIT_USAGE);
	if (strcmp(path, "--remove") != 0) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd == -1 ? -1 : read(fd, pem, sizeof(pem));
		if (n < 0)
			fail(EXIT_NO_INPUT, "cannot read %s: %s", path,
			    strerror(errno));
		if (cert_spki(pem, (size_t)n, digest) != ERR_OK)
			fail(EXIT_DATA, "%s is no certificate in PEM", path);
		hex_encode(hex, digest, sizeof(digest));
		(void)json_object_set_new(body, "spki", json_string(hex));
	}
	json_decref(api_post(cli->api, body, "/accounts/%s/key", argv[2]));
}

/* Who they are at the identity provider, or (remove) nobody there. */
static void
user_oidc(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body = json_object();

	if (argc < 4)
		command_usage("user", EXIT_USAGE);
	if (strcmp(argv[3], "--remove") != 0)
		(void)json_object_set_new(
		    body, "subject", json_string(argv[3]));
	put_option(body, argc, argv, "--provider");
	json_decref(api_post(cli->api, body, "/accounts/%s/oidc", argv[2]));
}

/* Whom a provider knows, and nobody here. */
static void
user_waiting(struct cli *cli)
{
	print_rows(cli, api_list(cli->api, 0, "/oidc/strangers"),
	    stranger_columns, "Nobody waits for an account.");
}

static void
user_take(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body = NULL;

	if (argc < 4)
		command_usage("user", EXIT_USAGE);
	body = new_body("code", argv[2]);
	if (json_object_set_new(body, "name", json_string(argv[3])) == -1)
		fail(EXIT_USAGE, "the name is not UTF-8");
	put_option(body, argc, argv, "--org");
	(void)json_object_set_new(
	    body, "capabilities", json_string(capabilities_of(argc, argv, "")));
	show_made(
	    cli, "Account", api_post(cli->api, body, "/oidc/strangers/accept"));
}

static void
user_turn_away(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body = new_body("code", command_object(argc, argv));

	json_decref(api_post(cli->api, body, "/oidc/strangers/refuse"));
}

int
cmd_user(struct cli *cli, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "list";

	if (strcmp(verb, "list") == 0)
		print_rows(cli, api_list(cli->api, 0, "/accounts"),
		    user_columns, "No accounts.");
	else if (strcmp(verb, "add") == 0)
		user_add(cli, argc, argv);
	else if (strcmp(verb, "set") == 0)
		user_set(cli, argc, argv, NULL);
	else if (strcmp(verb, "disable") == 0)
		user_set(cli, argc, argv, "disabled");
	else if (strcmp(verb, "enable") == 0)
		user_set(cli, argc, argv, "active");
	else if (strcmp(verb, "invite") == 0)
		user_invite(cli, argc, argv);
	else if (strcmp(verb, "accept") == 0)
		user_accept(cli);
	else if (strcmp(verb, "passwd") == 0)
		user_passwd(cli);
	else if (strcmp(verb, "totp") == 0)
		user_totp(cli, argc, argv);
	else if (strcmp(verb, "oidc") == 0)
		user_oidc(cli, argc, argv);
	else if (strcmp(verb, "waiting") == 0)
		user_waiting(cli);
	else if (strcmp(verb, "take") == 0)
		user_take(cli, argc, argv);
	else if (strcmp(verb, "turn-away") == 0)
		user_turn_away(cli, argc, argv);
	else if (strcmp(verb, "cert") == 0)
		user_cert(cli, argc, argv);
	else if (strcmp(verb, "token") == 0)
		user_token(cli, argc, argv);
	else
		command_usage("user", EXIT_USAGE);
	return 0;
}
