/* SPDX-License-Identifier: Apache-2.0 */
/* submit.c - loep submit: files become evidence. */
#include "cli/command.h"
#include "cli/resume.h"
#include "cli/title.h"
#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sys/stat.h>

/* Folders inside folders that --recursive follows. */
#define FOLDERS_MAX 64
/* Larger files go one by one, each with its own progress. */
#define TOGETHER_BYTES_MAX ((off_t)4 << 20)

struct submit {
	struct cli *cli;
	const char *case_number;
	const char *title;
	const char *severity;
	const char *tlp;
	const char *pap;
	const char *kind;
	const char *comment;
	const char *source;
	const char *sha256;
	const char *profile;
	const char *name;
	const char *receipts;
	const char *report;
	const char *files0; /* a list of paths, each ended by a NUL */
	json_int_t seconds;
	bool is_recursive;
	bool is_resume;
	bool is_wait;
	json_t *passwords;
	json_t *declared; /* members of the submission, as they were said */
	const char *restriction;
	/* what was made */
	char *number;
	char *submission;
	json_t *uploaded;
	struct api_uploads *together; /* NULL = none is on its way */
	size_t failed;
	uint64_t started_ms;
	const char *shown;
};

enum option_code {
	OPT_TITLE = 256,
	OPT_SEVERITY,
	OPT_TLP,
	OPT_PAP,
	OPT_KIND,
	OPT_PASSWORD,
	OPT_COMMENT,
	OPT_SOURCE,
	OPT_SHA256,
	OPT_PROFILE,
	OPT_SECONDS,
	OPT_RECEIPTS,
	OPT_REPORT,
	OPT_NAME,
	OPT_FILES0,
	OPT_RESUME,
	OPT_RESTRICTION,
	OPT_DECLARED /* and behind it the place in declarations */
};

/* What the submitter declares: the member, and whether it is yes or no. */
static const struct {
	const char *option;
	const char *member;
	bool is_yes_no;
} declarations[] = {
    {"--not-classified", "not_classified", false},
    {"--personal-data", "personal_data", true},
    {"--third-party", "third_party_ok", true},
    {"--network", "network_ok", true},
    {"--origin", "origin", false},
    {"--collected", "collected", false},
};

static const struct option options[] = {
    {"case", required_argument, NULL, 'c'},
    {"title", required_argument, NULL, OPT_TITLE},
    {"severity", required_argument, NULL, OPT_SEVERITY},
    {"tlp", required_argument, NULL, OPT_TLP},
    {"pap", required_argument, NULL, OPT_PAP},
    {"kind", required_argument, NULL, OPT_KIND},
    {"password", required_argument, NULL, OPT_PASSWORD},
    {"comment", required_argument, NULL, OPT_COMMENT},
    {"source", required_argument, NULL, OPT_SOURCE},
    {"sha256", required_argument, NULL, OPT_SHA256},
    {"profile", required_argument, NULL, OPT_PROFILE},
    {"seconds", required_argument, NULL, OPT_SECONDS},
    {"recursive", no_argument, NULL, 'r'},
    {"receipts", required_argument, NULL, OPT_RECEIPTS},
    {"wait", no_argument, NULL, 'w'},
    {"report", required_argument, NULL, OPT_REPORT},
    {"name", required_argument, NULL, OPT_NAME},
    {"resume", no_argument, NULL, OPT_RESUME},
    {"files0-from", required_argument, NULL, OPT_FILES0},
    {"restriction", required_argument, NULL, OPT_RESTRICTION},
    {"not-classified", no_argument, NULL, OPT_DECLARED},
    {"personal-data", required_argument, NULL, OPT_DECLARED + 1},
    {"third-party", required_argument, NULL, OPT_DECLARED + 2},
    {"network", required_argument, NULL, OPT_DECLARED + 3},
    {"origin", required_argument, NULL, OPT_DECLARED + 4},
    {"collected", required_argument, NULL, OPT_DECLARED + 5},
    {NULL, 0, NULL, 0},
};

/* Options that only hold a text; true when c was one of them. */
static bool
take_text(struct submit *s, int c)
{
	switch (c) {
	case 'c':
		s->case_number = optarg;
		return true;
	case OPT_TITLE:
		s->title = optarg;
		return true;
	case OPT_SEVERITY:
		s->severity = optarg;
		return true;
	case OPT_TLP:
		s->tlp = optarg;
		return true;
	case OPT_PAP:
		s->pap = optarg;
		return true;
	case OPT_KIND:
		s->kind = optarg;
		return true;
	case OPT_COMMENT:
		s->comment = optarg;
		return true;
	case OPT_SOURCE:
		s->source = optarg;
		return true;
	case OPT_SHA256:
		s->sha256 = optarg;
		return true;
	case OPT_PROFILE:
		s->profile = optarg;
		return true;
	case OPT_RECEIPTS:
		s->receipts = optarg;
		return true;
	case OPT_REPORT:
		s->report = optarg;
		return true;
	case OPT_NAME:
		s->name = optarg;
		return true;
	case OPT_FILES0:
		s->files0 = optarg;
		return true;
	case OPT_RESTRICTION:
		s->restriction = optarg;
		return true;
	default:
		return false;
	}
}

/* True when c was one of the declarations. */
static bool
take_declaration(struct submit *s, int c)
{
	size_t at = (size_t)c - OPT_DECLARED;
	json_t *value;

	if (c < OPT_DECLARED)
		return false;
	if (optarg == NULL)
		value = json_true();
	else if (!declarations[at].is_yes_no)
		value = json_string(optarg);
	else if (strcmp(optarg, "yes") == 0 || strcmp(optarg, "no") == 0)
		value = json_boolean(strcmp(optarg, "yes") == 0);
	else
		fail(EXIT_USAGE, "%s is yes or no, not \"%s\"",
		    declarations[at].option, optarg);
	if (json_object_set_new(s->declared, declarations[at].member, value))
		fail(EXIT_USAGE, "an option's text is not UTF-8");
	return true;
}

static void
take_option(struct submit *s, int c)
{
	if (take_text(s, c) || take_declaration(s, c))
		return;
	switch (c) {
	case OPT_PASSWORD:
		(void)json_array_append_new(s->passwords, json_string(optarg));
		break;
	case OPT_SECONDS:
		s->seconds = text_number(optarg, "--seconds");
		break;
	case 'r':
		s->is_recursive = true;
		break;
	case 'w':
		s->is_wait = true;
		break;
	case OPT_RESUME:
		s->is_resume = true;
		break;
	default:
		command_usage("submit", EXIT_USAGE);
	}
}

static void
make_case(struct submit *s, int count, char **paths)
{
	auto_free char *first = NULL;
	auto_json json_t *body = NULL;
	auto_json json_t *made = NULL;

	if (s->case_number != NULL) {
		s->number = xstrdup(s->case_number);
		return;
	}
	first = title_of_paths(count, paths);
	body = json_pack("{s:s, s:s, s:s, s:s}", "title",
	    s->title ? s->title : first, "severity", s->severity, "tlp", s->tlp,
	    "pap", s->pap);
	/* A file's name that is no UTF-8 makes no title. */
	if (body == NULL)
		body = json_pack("{s:s, s:s, s:s}", "severity", s->severity,
		    "tlp", s->tlp, "pap", s->pap);
	made = api_post(s->cli->api, body, "/cases");
	s->number = xstrdup(json_member_text(made, "number", ""));
}

/* What the source asks beyond the label, before any byte is sent. */
static void
restrict_case(struct submit *s)
{
	auto_json json_t *body = NULL;

	if (s->restriction == NULL)
		return;
	if (json_object_set_new(
		body, "tlp_restriction", json_string(s->restriction)) == -1)
		fail(EXIT_USAGE, "the text of --restriction is not UTF-8");
	json_decref(api_post(s->cli->api, body, "/cases/%s/labels", s->number));
}

static void
make_submission(struct submit *s)
{
	auto_json json_t *made = NULL;
	auto_json json_t *body =
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:O}", "tlp", s->tlp,
		"pap", s->pap, "kind", s->kind, "comment", s->comment,
		"source_host", s->source, "profile", s->profile, "run_seconds",
		s->seconds, "passwords", s->passwords);

	if (body == NULL)
		fail(EXIT_USAGE, "an option's text is not UTF-8");
	(void)json_object_update(body, s->declared);
	made = api_post(s->cli->api, body, "/cases/%s/submissions", s->number);
	s->submission = xstrdup(json_member_text(made, "id", ""));
}

static void
on_progress(void *arg, uint64_t sent, int64_t total)
{
	struct submit *s = arg;

	if (!s->cli->is_quiet)
		progress_bar(s->shown, sent, total, s->started_ms);
}

static void
keep_receipt(struct submit *s, const json_t *made)
{
	const char *id = json_member_text(made, "artefact", "artefact");
	auto_free char *path = NULL;

	if (s->receipts == NULL)
		return;
	if (mkdir(s->receipts, 0777) == -1 && errno != EEXIST)
		fail(EXIT_CANNOT_WRITE, "cannot make %s: %s", s->receipts,
		    strerror(errno));
	path = xasprintf("%s/%s.receipt.json", s->receipts, id);
	if (json_dump_file(
		json_object_get(made, "receipt"), path, JSON_INDENT(2)) == -1)
		fail(EXIT_CANNOT_WRITE, "cannot write %s", path);
}

static void
say_uploaded(struct submit *s, json_t *made, const char *name)
{
	char clean[1024], size[32];
	const char *state = json_member_text(made, "hash_state", "none");

	keep_receipt(s, made);
	(void)text_clean(clean, sizeof(clean), name);
	(void)json_object_set_new(made, "name", json_string(clean));
	(void)json_array_append(s->uploaded, made);
	progress_clear();
	if (s->cli->is_json)
		return;
	(void)text_size(
	    size, sizeof(size), (uint64_t)json_member_int(made, "size", 0));
	printf("  %s  %10s  %s\n", json_member_text(made, "sha256", ""), size,
	    clean);
	if (strcmp(state, "mismatch") == 0)
		printf("%s  The SHA-256 is not the one you declared. The file "
		       "was kept as evidence, marked hash_mismatch.%s\n",
		    text_style("\033[33m"), text_style("\033[0m"));
}

static void
on_uploaded(void *arg, json_t *made, const char *name)
{
	struct submit *s = arg;

	say_uploaded(s, made, name);
	if (!s->cli->is_quiet)
		progress_line("%zu files", json_array_size(s->uploaded));
}

/* Waits for the small files that are on their way. */
static void
land(struct submit *s)
{
	if (s->together != NULL)
		api_uploads_finish(s->together);
	s->together = NULL;
	progress_clear();
}

/* Takes fd. */
static void
send_small(struct submit *s, int fd, int64_t size, const char *name)
{
	struct api_upload upload = {
	    .submission = s->submission,
	    .name = name,
	    .name_len = strlen(name),
	    .kind = s->kind,
	    .sha256_hex = s->sha256,
	    .fd = fd,
	    .size = size,
	};

	if (s->together == NULL)
		s->together = api_uploads_new(s->cli->api, on_uploaded, s);
	api_uploads_add(s->together, &upload);
}

static void
send_fd(struct submit *s, int fd, int64_t size, const char *name)
{
	struct api_upload upload = {
	    .submission = s->submission,
	    .name = name,
	    .name_len = strlen(name),
	    .kind = s->kind,
	    .sha256_hex = s->sha256,
	    .fd = fd,
	    .size = size,
	    .progress = on_progress,
	    .arg = s,
	};
	auto_json json_t *made = NULL;

	land(s);
	s->started_ms = loop_now_ms();
	s->shown = name;
	made = api_upload(s->cli->api, &upload);
	say_uploaded(s, made, name);
}

static int64_t
changed_us(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000 +
	       st->st_mtim.tv_nsec / 1000;
}

/* What tells this service from others. */
static const char *
service_of(const struct submit *s)
{
	const struct remote *remote = &s->cli->remote;

	return remote->server != NULL ? remote->server : remote->socket_path;
}

/* A large file, which a cut must not send back to its start. */
static void
send_large(
    struct submit *s, int fd, const struct stat *st, struct pending *what)
{
	const struct api_upload upload = {
	    .submission = s->submission,
	    .name = what->name,
	    .name_len = strlen(what->name),
	    .kind = s->kind,
	    .sha256_hex = s->sha256,
	    .fd = fd,
	    .size = st->st_size,
	    .progress = on_progress,
	    .arg = s,
	};
	auto_json json_t *made = NULL;

	land(s);
	what->service = service_of(s);
	what->size = st->st_size;
	what->mtime_us = changed_us(st);
	s->started_ms = loop_now_ms();
	s->shown = what->name;
	made = resume_send(s->cli->api, &upload, what);
	say_uploaded(s, made, what->name);
}

/* Goes on with one upload of an earlier run. */
static void
resume_one(struct submit *s, const json_t *kept)
{
	struct pending what = {
	    .location = json_member_text(kept, "location", ""),
	    .number = json_member_text(kept, "number", ""),
	    .path = json_member_text(kept, "path", ""),
	    .name = json_member_text(kept, "name", ""),
	};
	auto_close int fd = open(what.path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1) {
		(void)fprintf(stderr, "loep: cannot read %s: %s\n", what.path,
		    strerror(errno));
		s->failed++;
		return;
	}
	if (st.st_size != json_member_int(kept, "size", -1) ||
	    changed_us(&st) != json_member_int(kept, "mtime_us", -1)) {
		(void)fprintf(stderr,
		    "loep: %s has changed since its upload was begun; submit "
		    "it anew\n",
		    what.path);
		s->failed++;
		return;
	}
	if (!s->cli->is_json)
		printf("%sCase %s%s\n", text_style("\033[1m"), what.number,
		    text_style("\033[0m"));
	send_large(s, fd, &st, &what);
}

static int
resume_all(struct submit *s)
{
	auto_json json_t *kept = pending_list(service_of(s));
	json_t *one;
	size_t i;

	json_array_foreach(kept, i, one)
	{
		resume_one(s, one);
	}
	if (s->cli->is_json)
		print_json(s->uploaded);
	else if (json_array_size(kept) == 0)
		printf("No upload is unfinished.\n");
	return s->failed > 0 ? EXIT_NO_INPUT : 0;
}

/* A file that cannot be read is said; the others go on. */
static void
send_file(struct submit *s, const char *path, const char *name)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1) {
		progress_clear();
		(void)fprintf(stderr, "loep: cannot read %s: %s\n", path,
		    strerror(errno));
		s->failed++;
		return;
	}
	if (S_ISREG(st.st_mode) && st.st_size <= TOGETHER_BYTES_MAX) {
		send_small(s, take_fd(fd), st.st_size, name);
	} else if (S_ISREG(st.st_mode)) {
		auto_free char *whole = realpath(path, NULL);
		struct pending what = {
		    .number = s->number,
		    .path = whole != NULL ? whole : path,
		    .name = name,
		};

		send_large(s, fd, &st, &what);
	} else {
		send_fd(s, fd, -1, name);
	}
}

static void
send_folder(struct submit *s, const char *path, const char *name, int depth)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);

	if (count == -1 || depth > FOLDERS_MAX) {
		(void)fprintf(stderr, "loep: cannot read the folder %s: %s\n",
		    path, count == -1 ? strerror(errno) : "too deep");
		s->failed++;
		return;
	}
	for (int i = 0; i < count; i++) {
		const char *entry = entries[i]->d_name;
		auto_free char *below = xasprintf("%s/%s", path, entry);
		auto_free char *shown = xasprintf("%s/%s", name, entry);
		struct stat st;

		if (strcmp(entry, ".") != 0 && strcmp(entry, "..") != 0 &&
		    lstat(below, &st) == 0) {
			if (S_ISDIR(st.st_mode))
				send_folder(s, below, shown, depth + 1);
			else if (S_ISREG(st.st_mode))
				send_file(s, below, shown);
		}
		free(entries[i]);
	}
	free(entries);
}

static void
send_path(struct submit *s, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : path;
	struct stat st;

	if (strcmp(path, "-") == 0)
		send_fd(s, STDIN_FILENO, -1, s->name ? s->name : "stdin");
	else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		send_folder(s, path, name, 0);
	else
		send_file(s, path, s->name ? s->name : name);
}

static void
send_list(struct submit *s)
{
	FILE *f = strcmp(s->files0, "-") == 0 ? stdin : fopen(s->files0, "re");
	char *path = NULL;
	size_t size = 0;

	if (f == NULL)
		fail(EXIT_NO_INPUT, "cannot read %s: %s", s->files0,
		    strerror(errno));
	while (getdelim(&path, &size, '\0', f) > 0)
		send_path(s, path);
	free(path);
	if (f != stdin)
		(void)fclose(f);
}

/* Nothing is made in the service for a command line that cannot work. */
static void
check_paths(const struct submit *s, int argc, char **argv)
{
	for (int i = optind; i < argc; i++) {
		struct stat st;

		if (strcmp(argv[i], "-") == 0)
			continue;
		if (stat(argv[i], &st) == -1 || access(argv[i], R_OK) == -1)
			fail(EXIT_NO_INPUT, "cannot read %s: %s", argv[i],
			    strerror(errno));
		if (S_ISDIR(st.st_mode) && !s->is_recursive)
			fail(EXIT_USAGE,
			    "%s is a folder; take the files below "
			    "it with --recursive",
			    argv[i]);
	}
	if ((s->sha256 != NULL || s->name != NULL) && argc - optind > 1)
		fail(EXIT_USAGE, "--sha256 and --name go with one file");
	if (s->report != NULL && !s->is_wait)
		fail(EXIT_USAGE, "--report needs --wait");
}

static void
save_report(struct submit *s)
{
	size_t len = strlen(s->report);
	bool is_json = len > 5 && strcmp(s->report + len - 5, ".json") == 0;
	auto_close int fd =
	    open(s->report, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd == -1)
		fail(EXIT_CANNOT_WRITE, "cannot write %s: %s", s->report,
		    strerror(errno));
	(void)api_download(s->cli->api, fd, "/cases/%s/report?format=%s",
	    s->number, is_json ? "json" : "html");
	if (!s->cli->is_json)
		printf("\nReport: %s\n", s->report);
}

static int
finish(struct submit *s)
{
	bool is_whole = true;

	if (s->is_wait) {
		is_whole = wait_for_case(s->cli, s->number);
		if (!s->cli->is_json)
			summary_print(s->cli, s->number);
		if (s->report != NULL)
			save_report(s);
	}
	if (s->cli->is_json) {
		auto_json json_t *all =
		    json_pack("{s:s, s:s, s:O}", "case", s->number,
			"submission", s->submission, "files", s->uploaded);

		print_json(all);
	} else if (!s->is_wait) {
		printf("Follow it with: loep case wait %s\n", s->number);
	}
	if (s->failed > 0)
		return EXIT_NO_INPUT;
	return is_whole ? 0 : EXIT_FAILED;
}

int
cmd_submit(struct cli *cli, int argc, char **argv)
{
	struct submit s = {
	    .cli = cli,
	    .severity = "",
	    .tlp = "",
	    .pap = "",
	    .kind = "file",
	    .comment = "",
	    .source = "",
	    .profile = "",
	    .passwords = json_array(),
	    .declared = json_object(),
	    .uploaded = json_array(),
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:rw", options, NULL)) != -1)
		take_option(&s, c);
	if (s.is_resume && optind == argc && s.files0 == NULL) {
		c = resume_all(&s);
		json_decref(s.passwords);
		json_decref(s.declared);
		json_decref(s.uploaded);
		return c;
	}
	if (s.is_resume || (optind == argc && s.files0 == NULL))
		command_usage("submit", EXIT_USAGE);
	check_paths(&s, argc, argv);
	make_case(&s, argc - optind, argv + optind);
	restrict_case(&s);
	make_submission(&s);
	if (!cli->is_json)
		printf("%sCase %s%s\n", text_style("\033[1m"), s.number,
		    text_style("\033[0m"));
	for (int i = optind; i < argc; i++)
		send_path(&s, argv[i]);
	if (s.files0 != NULL)
		send_list(&s);
	land(&s);
	c = finish(&s);
	json_decref(s.passwords);
	json_decref(s.declared);
	json_decref(s.uploaded);
	free(s.number);
	free(s.submission);
	return c;
}
