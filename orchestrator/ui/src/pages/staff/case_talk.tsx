// SPDX-License-Identifier: Apache-2.0
// Messages with the submitter, and notes that never leave: two pages, so that
// nobody writes into the wrong one.
import { useEffect, useState } from 'preact/hooks';
import { path, post } from '../../api/client.js';
import type { Note, StaffCase, StaffMessage } from '../../api/staff.js';
import {
  Alert,
  Button,
  Card,
  ForeignText,
  Name,
  Time,
} from '../../components/basic.js';
import { TextArea } from '../../components/form.js';
import { ProblemAlert, useAction } from '../../components/load.js';
import { PagesLoaded, usePages, type Pages } from '../../components/pages.js';
import { useT } from '../../i18n/index.js';
import { useSession } from '../../session.js';

function WriteForm(props: {
  label: string;
  hint: string;
  send: string;
  to: string;
  pages: Pages<unknown>;
}) {
  const [text, setText] = useState('');
  const action = useAction(async () => {
    await post(props.to, { text });
    setText('');
    props.pages.reload();
  });

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void action.run();
      }}
    >
      <TextArea
        label={props.label}
        hint={props.hint}
        value={text}
        onChange={setText}
        rows={5}
        required
      />
      {action.error ? <ProblemAlert error={action.error} /> : null}
      <Button
        type="submit"
        kind="primary"
        busy={action.isBusy}
        disabled={text.trim() === ''}
      >
        {props.send}
      </Button>
    </form>
  );
}

export function CaseMessages(props: { item: StaffCase }) {
  const t = useT();
  const c = t.staff.case;
  const { can } = useSession();
  const to = path`/cases/${props.item.number}/messages`;
  const pages = usePages<StaffMessage>(to);
  const isThere = pages.items !== undefined;

  useEffect(() => {
    if (isThere && props.item.unread)
      post(`${to}/read`).catch(() => {
        /* the count stays until the next look */
      });
  }, [to, isThere]);
  return (
    <Card title={c.tabs.messages} class="messages">
      <Alert tone="warn" title={c.messagesLeave}>
        <p>
          {c.messagesTo} <Name text={props.item.org_name} />
        </p>
      </Alert>
      <PagesLoaded pages={pages} empty={c.noMessages}>
        {(items) => (
          <div class="thread">
            {items.map((m) => (
              <article
                key={m.id}
                class={`message ${m.direction === 'in' ? 'theirs' : 'ours'}`}
              >
                <header>
                  <strong>
                    <Name text={m.from_name ?? m.from_role} /> ·{' '}
                    <Name text={m.from_org} />
                  </strong>{' '}
                  <Time at={m.at} />
                </header>
                <ForeignText text={m.text} />
              </article>
            ))}
          </div>
        )}
      </PagesLoaded>
      {can('claim') && isThere && (
        <WriteForm
          label={c.newMessage}
          hint={c.messagesLeave}
          send={t.common.send}
          to={to}
          pages={pages}
        />
      )}
    </Card>
  );
}

export function CaseNotes(props: { item: StaffCase }) {
  const t = useT();
  const c = t.staff.case;
  const to = path`/cases/${props.item.number}/notes`;
  const pages = usePages<Note>(to);

  return (
    <Card title={c.tabs.notes} class="notes">
      <Alert title={c.notesStay} />
      <PagesLoaded pages={pages} empty={c.noNotes}>
        {(items) => (
          <div class="thread">
            {items.map((n) => (
              <article key={n.id} class="message note">
                <header>
                  <strong>
                    <Name text={n.by_name} />
                  </strong>{' '}
                  <Time at={n.at} />
                </header>
                <ForeignText text={n.text} />
              </article>
            ))}
          </div>
        )}
      </PagesLoaded>
      {pages.items && (
        <WriteForm
          label={c.newNote}
          hint={c.notesStay}
          send={c.saveNote}
          to={to}
          pages={pages}
        />
      )}
    </Card>
  );
}
