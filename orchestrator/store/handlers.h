/* SPDX-License-Identifier: Apache-2.0 */
/* handlers.h - which function serves which operation of lib/call.def. */
#ifndef STORE_HANDLERS_H
#define STORE_HANDLERS_H

#include "store/request.h"

/* By enum call_op; complete. */
extern request_fn *const handlers[CALL_COUNT];

/* org.c */
int org_create(struct request *r);
int org_list(struct request *r);
int org_get(struct request *r);
int org_set(struct request *r);
/* oidc.c, oidc_away.c, oidc_exchange.c, oidc_link.c, oidc_stranger.c */
int oidc_providers(struct request *r);
int oidc_begin(struct request *r);
int oidc_invited(struct request *r);
int oidc_link(struct request *r);
int oidc_prove(struct request *r);
int stranger_list(struct request *r);
int stranger_accept(struct request *r);
int stranger_refuse(struct request *r);
int oidc_finish(struct request *r);
int oidc_code(struct request *r);
int oidc_links(struct request *r);
int oidc_unlink(struct request *r);
int oidc_leave(struct request *r);
int oidc_signed_out(struct request *r);
int account_oidc(struct request *r);
int oidc_report(struct request *r);
int oidc_lease(struct request *r);
int oidc_done(struct request *r);
/* self.c */
int account_self(struct request *r);
int account_check_mail(struct request *r, const char *mail);
/* policy_version.c, exception.c */
int policy_list(struct request *r);
int policy_get(struct request *r);
int policy_diff(struct request *r);
int policy_create(struct request *r);
int policy_approve(struct request *r);
int policy_reject(struct request *r);
int exception_list(struct request *r);
int exception_create(struct request *r);
int exception_approve(struct request *r);
/* mode.c, mode_read.c */
int mode_get(struct request *r);
int mode_propose(struct request *r);
int mode_approve(struct request *r);
int mode_reject(struct request *r);
int mode_list(struct request *r);
int mode_log(struct request *r);
/* unseal.c */
int unseal_create(struct request *r);
int unseal_approve(struct request *r);
int unseal_refuse(struct request *r);
int unseal_list(struct request *r);
int unseal_of(struct request *r);
/* outbox.c */
int outbox_list(struct request *r);
int outbox_retry(struct request *r);
/* syslog.c */
int syslog_next(struct request *r);
int syslog_done(struct request *r);
/* hook.c, hook_send.c */
int hook_create(struct request *r);
int hook_list(struct request *r);
int hook_approve(struct request *r);
int hook_refuse(struct request *r);
int hook_off(struct request *r);
int hook_rotate(struct request *r);
int hook_test(struct request *r);
int hook_retry(struct request *r);
int hook_deliveries(struct request *r);
int hook_lease(struct request *r);
int hook_done(struct request *r);
int mail_lease(struct request *r);
int mail_done(struct request *r);
/* health.c */
int health(struct request *r);
int ready(struct request *r);
/* account.c, invite.c, token.c */
int account_create(struct request *r);
int account_list(struct request *r);
int account_set(struct request *r);
int account_key(struct request *r);
int invite_create(struct request *r);
int session_list(struct request *r);
int session_close(struct request *r);
int token_create(struct request *r);
int token_list(struct request *r);
int token_revoke(struct request *r);
/* login.c, password.c, totp.c */
int login(struct request *r);
int invite_accept(struct request *r);
int password_set(struct request *r);
int totp_begin(struct request *r);
int totp_confirm(struct request *r);
int totp_remove(struct request *r);
/* case.c */
int case_create(struct request *r);
int case_list(struct request *r);
/* case_edit.c, case_stage.c, claim.c, queue.c, message.c, task.c, verdict.c,
   clock.c, history.c */
int case_set(struct request *r);
int case_stage(struct request *r);
int case_claim(struct request *r);
int case_unclaim(struct request *r);
int case_handover(struct request *r);
int handover_list(struct request *r);
int queue_list(struct request *r);
int message_add(struct request *r);
int messages_read(struct request *r);
int note_list(struct request *r);
int note_add(struct request *r);
int case_tasks(struct request *r);
int task_add(struct request *r);
int task_set(struct request *r);
int verdict_list(struct request *r);
int verdict_add(struct request *r);
int verdict_confirm(struct request *r);
int case_clocks(struct request *r);
int case_history(struct request *r);
int statistics(struct request *r);
int statistics_times(struct request *r);
int statistics_classes(struct request *r);
/* submission.c */
int submission_create(struct request *r);
/* upload.c, upload_finish.c */
int upload_create(struct request *r);
int upload_finish(struct request *r);
int upload_abort(struct request *r);
/* resume.c */
int upload_begin(struct request *r);
int upload_append(struct request *r);
int upload_save(struct request *r);
int upload_discard(struct request *r);
int upload_get(struct request *r);
int upload_terminate(struct request *r);
/* artefact.c */
int artefact_list(struct request *r);
int finding_list(struct request *r);
int report_open(struct request *r);
int run_events(struct request *r);
/* labels.c, report.c, release.c */
int case_labels(struct request *r);
int report_create(struct request *r);
int report_edit(struct request *r);
int report_submit(struct request *r);
int report_approve(struct request *r);
int report_return(struct request *r);
int report_issue(struct request *r);
int report_recall(struct request *r);
/* deletion.c */
int submission_withdraw(struct request *r);
int deletion_create(struct request *r);
int deletion_approve(struct request *r);
int deletion_refuse(struct request *r);
int deletion_certificate(struct request *r);
int case_hold(struct request *r);

/* merge.c, split.c */
int case_merge(struct request *r);
int case_split(struct request *r);
/* sample.c */
int artefact_download(struct request *r);
int artefact_bytes(struct request *r);
/* restrict.c */
int artefact_restrict(struct request *r);
/* job.c */
int job_retry(struct request *r);
int job_cancel(struct request *r);
int run_create(struct request *r);
/* search.c */
int search(struct request *r);
int artefact_related(struct request *r);
/* metrics.c */
int metrics(struct request *r);
/* backup.c */
int backup_begin(struct request *r);
int backup_get(struct request *r);
int backup_end(struct request *r);
/* pool.c */
int pool_order(struct request *r);
int pool_orders(struct request *r);
int slot_report(struct request *r);
int profile_report(struct request *r);
int analyser_report(struct request *r);
/* rules.c, rules_set.c, rules_read.c, rules_bundle.c, rules_job.c */
int rules_create(struct request *r);
int rules_upload(struct request *r);
int rules_set(struct request *r);
int rules_tested(struct request *r);
int rules_approve(struct request *r);
int rules_reject(struct request *r);
int rules_activate(struct request *r);
int rules_list(struct request *r);
int rules_get(struct request *r);
int rules_sources(struct request *r);
int rules_rules(struct request *r);
int rules_notes(struct request *r);
int rules_rule(struct request *r);
int rules_selectivity(struct request *r);
int rules_diff(struct request *r);
int rules_bundle(struct request *r);
int rules_units(struct request *r);
int job_rules(struct request *r);
/* audit_export.c, verify.c, status.c */
int audit_export(struct request *r);
int verify(struct request *r);
int status(struct request *r);
/* job_lease.c */
int job_lease(struct request *r);
int job_heartbeat(struct request *r);
int job_release(struct request *r);
/* job_input.c, job_pack.c, job_records.c, child.c, job_done.c, dump.c */
int job_input(struct request *r);
int job_pack(struct request *r);
int job_records(struct request *r);
int child_create(struct request *r);
int child_commit(struct request *r);
int child_abort(struct request *r);
int job_done(struct request *r);
int jobs_done(struct request *r);
int case_dump(struct request *r);
/* unit.c */
int index_work(struct request *r);
int units_gone(struct request *r);
int unit_forgotten(struct request *r);
/* unit_open.c */
int units_open(struct request *r);
int index_report(struct request *r);
/* recipient.c, export.c, consent.c, pii_review.c */
int recipient_list(struct request *r);
int recipient_create(struct request *r);
int recipient_set(struct request *r);
int export_create(struct request *r);
int disclosure_get(struct request *r);
int export_submit(struct request *r);
int export_consent(struct request *r);
int export_approve(struct request *r);
int export_deny(struct request *r);
int export_send(struct request *r);
int export_open(struct request *r);
int pii_list(struct request *r);
int pii_review(struct request *r);

#endif
