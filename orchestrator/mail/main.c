/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep-mail - sends what waits in the store's outbox to one SMTP relay.
 *
 * Reads:  rows of the outbox (MAIL_LEASE), replies of the relay.
 * Writes: to the relay; what became of each mail (MAIL_DONE).  Where a row
 *         comes with the reader's OpenPGP key, loep-pgp encrypts the mail;
 *         where that cannot be, it is not sent.
 * Trusts: nothing that the relay says but that it took a mail.  It can make no
 *         socket and open no file: connections come from its dialer, which
 *         knows one relay (lib/dial.h).
 * Ends:   with its parent, or when nobody is at the relay's address: started
 *         again, it looks the relay up again.  A mail that was on its way is sent again, with the
 *         same Message-ID; one that the relay has taken is not.
 */
#include "lib/call.h"
#include "lib/dial.h"
#include "lib/fileio.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/openpgp.h"
#include "lib/own.h"
#include "lib/sealed.h"
#include "lib/store_link.h"
#include "lib/utf8.h"
#include "lib/xalloc.h"
#include "mail/message.h"
#include "mail/relay.h"
#include "mail/smtp.h"

#include <inttypes.h>
#include <sys/queue.h>

#define LEASE 16
/* The store is asked again after this, without a hint of it. */
#define LOOK_MS 5000
/* Without a relay that can be looked up: the parent starts us again. */
#define AGAIN_MS 30000
/* What was sent and whose end the store has not confirmed. */
#define SENT_MAX       256
#define FILE_BYTES_MAX ((size_t)4 * MIB)
#define PASSWORD_BYTES 256

struct mail {
	TAILQ_ENTRY(mail) entry;
	char id[64];
	char address[256];
	struct mailer *mailer;
	bool is_ready; /* to be sent */
	uint32_t ask;  /* what loep-pgp was asked; 0 = nothing */
	struct wire_out bytes;
};

TAILQ_HEAD(mail_list, mail);

/* A mail whose fate the store must still hear. */
struct ending {
	TAILQ_ENTRY(ending) entry;
	struct mailer *mailer;
	char id[64];
	const char *outcome;
	char why[512];
	bool is_asking;
};

TAILQ_HEAD(ending_list, ending);

struct mailer {
	struct program program;
	struct store_link store;
	struct pgp_asks *asks;
	struct chan *pgp;
	struct smtp *smtp;
	struct loop_timer *timer;
	bool is_leasing;
	bool is_away;	/* the relay was, at the last try */
	bool is_ending; /* to look the relay up, once all is told */
	uint64_t looked_up_ms;
	struct message_sender sender;
	struct mail_list mails;
	struct ending_list endings;
};

static struct mailer mailer;

static void look(struct mailer *m);
static void look_up_again(struct mailer *m);
static void on_look(void *arg);

static void
look_later(struct mailer *m, uint64_t ms)
{
	loop_timer_cancel(m->timer);
	m->timer = loop_timer(m->program.loop, ms, on_look, m);
}

/* --- what became of a mail --- */

static void tell(struct ending *e);

static void
on_told(void *arg, enum err err, const char *why, int fd)
{
	struct ending *e = arg;
	struct mailer *m = e->mailer;

	if (fd != -1)
		(void)close(fd);
	e->is_asking = false;
	/* A store that is away hears it when it is back. */
	if (err == ERR_UNAVAILABLE)
		return;
	if (err != ERR_OK)
		log_line(LOG_WARN,
		    "msg=\"the store takes no end\" mail=%s "
		    "reason=\"%s\"",
		    e->id, why);
	TAILQ_REMOVE(&m->endings, e, entry);
	free(e);
	look_up_again(m);
}

static void
tell(struct ending *e)
{
	struct values params;

	if (e->is_asking || !calls_is_connected(e->mailer->store.calls))
		return;
	e->is_asking = true;
	values_init(&params);
	values_add_text(&params, e->id);
	values_add_text(&params, e->outcome);
	values_add_text(&params, e->why);
	(void)calls_start(e->mailer->store.calls, CALL_MAIL_DONE, 0, &params,
	    -1, NULL, on_told, e);
}

static void
end(struct mailer *m, const char *id, const char *outcome, const char *why)
{
	struct ending *e = xcalloc(1, sizeof(*e));

	e->mailer = m;
	(void)snprintf(e->id, sizeof(e->id), "%s", id);
	e->outcome = outcome;
	utf8_to_ascii(e->why, sizeof(e->why), why);
	TAILQ_INSERT_TAIL(&m->endings, e, entry);
	tell(e);
}

/* --- sending --- */

static void
drop(struct mailer *m, struct mail *mail)
{
	if (mail->ask != 0)
		pgp_asks_cancel(m->asks, mail->ask);
	TAILQ_REMOVE(&m->mails, mail, entry);
	wire_out_release(&mail->bytes);
	free(mail);
}

static uint64_t
look_up_ms(const struct mailer *m)
{
	int64_t s = program_conf_int(&m->program, "look_up_seconds", 60);

	return s < 1 ? 1000 : (uint64_t)s * 1000;
}

static void
on_sent(void *arg, enum smtp_outcome outcome, const char *why)
{
	static const char *const words[] = {
	    [SMTP_SENT] = "sent",
	    [SMTP_LATER] = "later",
	    [SMTP_AWAY] = "later",
	    [SMTP_NEVER] = "failed",
	};
	struct mailer *m = arg;
	struct mail *mail = TAILQ_FIRST(&m->mails);

	if (outcome != SMTP_SENT)
		log_line(LOG_WARN,
		    "msg=\"a mail was not taken\" mail=%s outcome=%s", mail->id,
		    words[outcome]);
	m->is_away = outcome == SMTP_LATER || outcome == SMTP_AWAY;
	/* It may have moved: the dialer knows its address from our start. */
	m->is_ending |= outcome == SMTP_AWAY &&
			loop_now_ms() - m->looked_up_ms >= look_up_ms(m);
	end(m, mail->id, words[outcome], why);
	drop(m, mail);
	/* A relay that is away has nothing for the others either. */
	while (m->is_away && (mail = TAILQ_FIRST(&m->mails)) != NULL) {
		end(m, mail->id, words[SMTP_LATER], why);
		drop(m, mail);
	}
	look(m);
}

static void
send_next(struct mailer *m)
{
	const struct mail *mail = TAILQ_FIRST(&m->mails);

	if (mail == NULL || !mail->is_ready || m->smtp == NULL ||
	    smtp_is_busy(m->smtp))
		return;
	smtp_send(m->smtp,
	    &(struct smtp_mail){
		.from = m->sender.address,
		.to = mail->address,
		.bytes = mail->bytes.buf,
		.len = mail->bytes.len,
	    },
	    on_sent, m);
}

/* --- leasing --- */

static bool
was_ended(const struct mailer *m, const char *id)
{
	const struct ending *e;

	TAILQ_FOREACH (e, &m->endings, entry) {
		if (strcmp(e->id, id) == 0)
			return true;
	}
	return false;
}

static bool
is_known(const struct mailer *m, const char *id)
{
	const struct mail *mail;

	TAILQ_FOREACH (mail, &m->mails, entry) {
		if (strcmp(mail->id, id) == 0)
			return true;
	}
	return was_ended(m, id);
}

static char *
column(const struct values *row, const char *name)
{
	return values_text_dup(row, (size_t)call_column(CALL_MAIL_LEASE, name));
}

/* What the outbox shows of a mail that is not sent in clear. */
static void
end_unsealed(struct mailer *m, struct mail *mail, const char *outcome,
    const char *problem)
{
	auto_free char *why = xasprintf(
	    "it is not sent in clear, and cannot be encrypted: %s", problem);

	log_line(
	    LOG_WARN, "msg=\"a mail was not encrypted\" mail=%s", mail->id);
	end(m, mail->id, outcome, why);
	drop(m, mail);
	send_next(m);
	if (TAILQ_EMPTY(&m->mails))
		look_later(m, 0);
}

static void
on_sealed(void *arg, struct pgp_answer *answer)
{
	struct mail *mail = arg;
	struct mailer *m = mail->mailer;
	const uint8_t *map;
	size_t len;
	int err;

	mail->ask = 0;
	if (strcmp(answer->why, "recipient") == 0) {
		end_unsealed(m, mail, "failed",
		    json_member_text(
			answer->detail, "problem", "the key is not good"));
		return;
	}
	if (answer->err != ERR_OK || answer->fd == -1 ||
	    sealed_map(answer->fd, MESSAGE_BYTES_MAX, &map, &len) != ERR_OK) {
		end_unsealed(m, mail, "later",
		    strcmp(answer->why, "own_key") == 0
			? "the service has no OpenPGP key that holds now"
			: "loep-pgp is away");
		return;
	}
	err = message_end_sealed(&mail->bytes, mail->id, map, len);
	sealed_unmap(map, len);
	if (err != ERR_OK) {
		end_unsealed(m, mail, "failed", "the message is too long");
		return;
	}
	mail->is_ready = true;
	send_next(m);
}

/* Has it encrypted to the reader's key, and signed with ours. */
static int
seal(struct mailer *m, struct mail *mail, const struct message *message,
    const struct pgp_to *to)
{
	auto_json json_t *options =
	    json_pack("{s:b,s:b,s:b}", "to_self", 0, "sign", 1, "armor", 1);
	struct pgp_order order = {
	    .what = PGP_ENCRYPT,
	    .out_fd = -1,
	    .options = options,
	    .to = to,
	    .to_count = 1,
	};
	struct wire_out inner;
	int err;

	wire_out_init(&inner, MESSAGE_BYTES_MAX / 2);
	err = message_put_inner(&inner, &m->sender, message);
	if (err == ERR_OK)
		err = message_put_sealed(&mail->bytes, &m->sender, message);
	if (err == ERR_OK)
		mail->ask = pgp_asks_start_bytes(
		    m->asks, &order, inner.buf, inner.len, on_sealed, mail);
	wire_out_release(&inner);
	return err;
}

static int
write_mail(struct mailer *m, struct mail *mail, const struct message *message,
    const struct values *row)
{
	auto_free char *state = column(row, "key_state");
	auto_free char *fpr = column(row, "key_fpr");
	auto_free char *key = column(row, "key");
	int err;

	if (strcmp(state, "valid") == 0)
		return seal(
		    m, mail, message, &(struct pgp_to){fpr, key, strlen(key)});
	if (strcmp(state, "none") != 0)
		return ERR_CONFLICT;
	err = message_put(&mail->bytes, &m->sender, message);
	mail->is_ready = err == ERR_OK;
	return err;
}

static void
add(struct mailer *m, const struct values *row)
{
	auto_free char *id = column(row, "id");
	auto_free char *kind = column(row, "kind");
	auto_free char *number = column(row, "number");
	auto_free char *address = column(row, "address");
	auto_free char *name = column(row, "name");
	auto_free char *language = column(row, "language");
	auto_free char *tlp = column(row, "tlp");
	auto_free char *mode = column(row, "mode");
	auto_free char *text = column(row, "detail");
	auto_free char *key_state = column(row, "key_state");
	auto_json json_t *detail = NULL;
	struct message message = {id, kind, number, address, name, language,
	    tlp, mode, false, NULL, 0};
	struct mail *mail;
	int err;

	/* The store was away when we told it, and does not know. */
	if (is_known(m, id))
		return;
	if (json_parse(text, strlen(text), LIMIT_TEXT_BYTES, 4, &detail) !=
	    ERR_OK)
		detail = json_object();
	message.detail = detail;
	message.is_exercise =
	    values_int(row, (size_t)call_column(CALL_MAIL_LEASE, "exercise")) !=
	    0;
	message.created_at =
	    values_int(row, (size_t)call_column(CALL_MAIL_LEASE, "created"));
	mail = xcalloc(1, sizeof(*mail));
	mail->mailer = m;
	(void)snprintf(mail->id, sizeof(mail->id), "%s", id);
	(void)snprintf(mail->address, sizeof(mail->address), "%s", address);
	wire_out_init(&mail->bytes, MESSAGE_BYTES_MAX);
	TAILQ_INSERT_TAIL(&m->mails, mail, entry);
	err = write_mail(m, mail, &message, row);
	if (err == ERR_OK)
		return;
	if (err == ERR_CONFLICT) {
		end_unsealed(m, mail, "failed",
		    strcmp(key_state, "revoked") == 0
			? "the organisation's OpenPGP key is revoked"
			: "the organisation's OpenPGP key has expired");
		return;
	}
	end(m, id, "failed", "no message can be made of it");
	drop(m, mail);
}

static void
on_row(void *arg, const struct values *row)
{
	add(arg, row);
}

static void
on_leased(void *arg, enum err err, const char *why, int fd)
{
	struct mailer *m = arg;

	(void)err;
	(void)why;
	if (fd != -1)
		(void)close(fd);
	m->is_leasing = false;
	send_next(m);
}

static size_t
count_endings(const struct mailer *m)
{
	const struct ending *e;
	size_t count = 0;

	TAILQ_FOREACH (e, &m->endings, entry)
		count++;
	return count;
}

/* Tells what is untold, goes on sending, asks for more. */
static void
look(struct mailer *m)
{
	struct ending *e;
	struct values params;

	TAILQ_FOREACH (e, &m->endings, entry)
		tell(e);
	send_next(m);
	look_later(m, LOOK_MS);
	look_up_again(m);
	if (m->smtp == NULL || m->is_leasing || m->is_ending ||
	    !TAILQ_EMPTY(&m->mails) || !calls_is_connected(m->store.calls) ||
	    count_endings(m) > SENT_MAX)
		return;
	m->is_leasing = true;
	values_init(&params);
	values_add_int(&params, LEASE);
	(void)calls_start(m->store.calls, CALL_MAIL_LEASE, 0, &params, -1,
	    on_row, on_leased, m);
}

static void
on_look(void *arg)
{
	struct mailer *m = arg;

	m->timer = NULL;
	look(m);
}

/* --- the store --- */

static void
on_changed(void *arg)
{
	struct mailer *m = arg;

	/* With others that come along. */
	look_later(m, 20);
}

static void
on_came(void *arg)
{
	look(arg);
}

static const struct store_link_ops link_ops = {
    .came = on_came, .changed = on_changed};

/* --- loep-pgp --- */

static int
on_pgp(void *arg, struct chan *chan, struct msg *msg)
{
	struct mailer *m = arg;

	(void)chan;
	return pgp_asks_handle(m->asks, msg);
}

static void
on_pgp_gone(void *arg, struct chan *chan, int err)
{
	struct mailer *m = arg;

	if (err == ERR_PEER)
		program_blame(&m->program, chan, "broke the protocol");
	if (m->pgp == chan) {
		m->pgp = NULL;
		pgp_asks_set_chan(m->asks, NULL);
	}
	chan_free(chan);
}

static const struct chan_handler pgp_handlers[] = {
    {MSG_PGP_KEYS, on_pgp},
    {MSG_PGP_DONE, on_pgp},
    {MSG_NONE_, NULL},
};

static const struct chan_ops pgp_ops = {
    .handlers = pgp_handlers,
    .gone = on_pgp_gone,
};

static void
attach_pgp(struct mailer *m, struct chan *chan)
{
	if (m->pgp != NULL)
		on_pgp_gone(m, m->pgp, ERR_EOF);
	m->pgp = chan;
	chan_set_ops(chan, &pgp_ops, m);
	pgp_asks_set_chan(m->asks, chan);
}

static void
on_peer(void *arg, struct chan *chan)
{
	struct mailer *m = arg;

	if (chan_peer(chan) == ROLE_PGP)
		attach_pgp(m, chan);
	else
		store_link_peer(&m->store, chan);
}

/* --- the start --- */

static void
on_again(void *arg)
{
	(void)arg;
	log_line(LOG_INFO, "msg=\"starting again, to look the relay up\"");
	exit(75);
}

/* Where that is wanted, and the store knows of each mail what became of it. */
static void
look_up_again(struct mailer *m)
{
	if (m->is_ending && !m->is_leasing && TAILQ_EMPTY(&m->mails) &&
	    TAILQ_EMPTY(&m->endings))
		on_again(m);
}

/* The relay, and libcurl with all that it wants to read. */
static void
prepare(struct mailer *m)
{
	struct program *p = &m->program;
	const char *port;
	auto_free char *host = relay_split(program_conf(p, "relay", ""), &port);
	auto_close int ca_fd = program_conf_fd(p, "ca_file");
	auto_close int password_fd = program_conf_fd(p, "password_file");
	auto_free char *ca = NULL;
	auto_free char *password = NULL;
	const char *at = strchr(m->sender.address, '@');
	char why[DIAL_WHY_BYTES] = "";
	size_t ca_len = 0, password_len = 0;
	struct smtp_conf conf = {
	    .host = host,
	    .port = port,
	    .hello = at == NULL ? "localhost" : at + 1,
	    .user = program_conf(p, "user", ""),
	    .tls = relay_tls(program_conf(p, "tls", "auto"), host),
	    .dialer = -1,
	};

	if (at == NULL || dial_fork(&(struct dial_place){host, port}, 1, why,
			      sizeof(why), &conf.dialer) != ERR_OK) {
		log_line(LOG_ERROR, "msg=\"no mail is sent\" reason=\"%s\"",
		    at == NULL ? "[mail] from is no address" : why);
		(void)loop_timer(p->loop, AGAIN_MS, on_again, NULL);
		return;
	}
	if (ca_fd != -1)
		ca = file_read_text(ca_fd, FILE_BYTES_MAX, &ca_len);
	password = password_fd == -1 ? xstrdup("")
				     : file_read_text(password_fd,
					   PASSWORD_BYTES, &password_len);
	password[strcspn(password, "\r\n")] = '\0';
	conf.password = password;
	conf.authorities = ca;
	conf.authorities_len = ca_len;
	if (smtp_new(p->loop, &conf, &m->smtp) != ERR_OK) {
		log_line(LOG_ERROR, "msg=\"libcurl cannot be set up\"");
		exit(71);
	}
	m->looked_up_ms = loop_now_ms();
	log_line(LOG_INFO, "msg=\"sending mail\" relay=%s port=%s", host, port);
}

int
main(void)
{
	static const struct cage cage = {
	    .name = "mail",
	    .groups = CAGE_CONNECTED | CAGE_MEMFD,
	    .files_max = 64,
	};
	static const struct program_ops ops = {.peer = on_peer};
	struct mailer *m = &mailer;
	struct program *p = &m->program;

	program_start(p, ROLE_MAIL, "loep-mail");
	TAILQ_INIT(&m->mails);
	TAILQ_INIT(&m->endings);
	m->sender = (struct message_sender){
	    .address = program_conf(p, "from", ""),
	    .name = program_conf(p, "from_name", ""),
	    .prefix = program_conf(p, "prefix", "CERT.be"),
	    .portal = program_conf(p, "portal", ""),
	};
	store_link_init(&m->store, p, &link_ops, m);
	m->asks = pgp_asks_new(p->loop);
	prepare(m);
	program_enter_cage(p, &cage);
	program_run(p, &ops, m);
	store_link_release(&m->store);
	smtp_free(m->smtp);
	return 0;
}
