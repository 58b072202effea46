// SPDX-License-Identifier: Apache-2.0
// What the submitter and the CSIRT write to each other in a case.
import { useEffect, useState } from 'preact/hooks';
import { getAll, path, post } from '../../api/client.js';
import type { Message } from '../../api/types.js';
import {
  Button,
  Card,
  Empty,
  ForeignText,
  Name,
  Time,
} from '../../components/basic.js';
import { TextArea } from '../../components/form.js';
import {
  Loaded,
  ProblemAlert,
  useAction,
  useLoad,
} from '../../components/load.js';
import { useT } from '../../i18n/index.js';
import { useSession } from '../../session.js';

export function Messages(props: { number: string; onRead: () => void }) {
  const t = useT();
  const { number } = props;
  const load = useLoad(
    (signal) => getAll<Message>(path`/cases/${number}/messages`, {}, signal),
    [number],
  );

  useEffect(() => {
    if (!load.data?.length) return;
    post(path`/cases/${number}/messages/read`).then(props.onRead, () => {});
  }, [load.data?.length]);
  return (
    <Loaded load={load} missing={<Empty>{t.common.notHere}</Empty>}>
      {(list) => (
        <>
          {list.length === 0 ? (
            <Empty>{t.messages.none}</Empty>
          ) : (
            <Thread list={list} />
          )}
          <Composer number={number} onSent={load.reload} />
        </>
      )}
    </Loaded>
  );
}

/** Mine on the right, theirs on the left; said in words, too. */
function Thread(props: { list: Message[] }) {
  const { isStaff } = useSession();
  return (
    <ol class="thread">
      {props.list.map((m) => (
        <li
          key={m.id}
          class={(m.direction === 'out') === isStaff ? 'is-mine' : ''}
        >
          <p class="thread-head">
            <strong>
              <Name text={m.from} />
            </strong>
            <span class="hint">
              <Time at={m.at} />
            </span>
          </p>
          <ForeignText text={m.text} />
        </li>
      ))}
    </ol>
  );
}

function Composer(props: { number: string; onSent: () => void }) {
  const t = useT();
  const [text, setText] = useState('');
  const send = useAction(async () => {
    await post(path`/cases/${props.number}/messages`, { text });
    setText('');
    props.onSent();
  });

  return (
    <Card>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim()) void send.run();
        }}
      >
        <TextArea
          label={t.messages.write}
          hint={t.messages.hint}
          value={text}
          onChange={setText}
          maxLength={16000}
          required
        />
        {send.error ? <ProblemAlert error={send.error} /> : null}
        <div class="actions">
          <Button type="submit" kind="primary" busy={send.isBusy}>
            {t.common.send}
          </Button>
        </div>
      </form>
    </Card>
  );
}
