// SPDX-License-Identifier: Apache-2.0
// Is it still you?  Asked before what approves and what gives rights, in front
// of the page: what was typed there stays, and is sent again.
import { useEffect, useRef, useState } from 'preact/hooks';
import { onProofNeeded, post } from '../api/client.js';
import { ApiError, type Problem } from '../api/problem.js';
import { Alert, Button } from '../components/basic.js';
import { Dialog } from '../components/dialog.js';
import { TextField } from '../components/form.js';
import { problemText, useAction } from '../components/load.js';
import { useT } from '../i18n/index.js';
import { Doorstep } from './signin.js';

/** Windows of this app tell each other here that somebody showed it. */
const CHANNEL = 'loep-proof';

interface Question {
  problem: Problem;
  answer: (isProved: boolean) => void;
}

/** One question at a time: who asks meanwhile hears the same answer. */
export function ProofQuestion() {
  const [question, setQuestion] = useState<Question | null>(null);
  const open = useRef<Promise<boolean> | null>(null);

  useEffect(() => {
    onProofNeeded((problem) => {
      open.current ??= new Promise<boolean>((resolve) => {
        setQuestion({
          problem,
          answer: (isProved) => {
            open.current = null;
            setQuestion(null);
            resolve(isProved);
          },
        });
      });
      return open.current;
    });
  }, []);
  return question && <ProofDialog {...question} />;
}

function ProofDialog(props: Question) {
  const t = useT();
  const ways = props.problem.how ?? [];
  const hasPassword = ways.includes('password');
  const hasForm = hasPassword || ways.includes('code');

  return (
    <Dialog title={t.proof.title} onClose={() => props.answer(false)}>
      <div class="stack">
        <p>{t.proof.text}</p>
        {hasForm && (
          <ProofForm
            hasPassword={hasPassword}
            hasCode={props.problem.code === true}
            onDone={() => props.answer(true)}
          />
        )}
        {ways.includes('provider') && (
          <ProofThere
            provider={props.problem.provider ?? ''}
            onDone={() => props.answer(true)}
          />
        )}
      </div>
    </Dialog>
  );
}

function ProofForm(props: {
  hasPassword: boolean;
  hasCode: boolean;
  onDone: () => void;
}) {
  const t = useT();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const send = useAction(async () => {
    await post('/proof', { password, code: code.replace(/\s/g, '') });
    props.onDone();
  });
  const { error } = send;
  const isRefused = error instanceof ApiError && error.kind === 'proof-refused';

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        void send.run();
      }}
    >
      {error ? (
        <Alert
          tone="bad"
          title={isRefused ? t.proof.refused : problemText(error, t)}
        />
      ) : null}
      {props.hasPassword && (
        <TextField
          label={t.signIn.password}
          type="password"
          value={password}
          onChange={setPassword}
          autocomplete="current-password"
          required
        />
      )}
      {props.hasCode && (
        <TextField
          label={t.signIn.code}
          hint={t.signIn.codeHint}
          value={code}
          onChange={setCode}
          autocomplete="one-time-code"
          spellcheck={false}
          required
        />
      )}
      <div class="actions">
        <Button type="submit" kind="primary" busy={send.isBusy}>
          {t.proof.submit}
        </Button>
      </div>
    </form>
  );
}

/** In a window of its own, so that this one keeps what was typed. */
function ProofThere(props: { provider: string; onDone: () => void }) {
  const t = useT();
  const [isAway, setAway] = useState(false);
  const [isBlocked, setBlocked] = useState(false);
  const begin = useAction(async () => {
    // At once, while the click still counts as theirs.
    const other = window.open('about:blank', '_blank', 'width=520,height=640');

    setBlocked(!other);
    if (!other) return;
    try {
      const answer = await post<{ url: string }>('/proof/oidc', {
        provider: props.provider,
      });
      other.location.href = answer.url;
      setAway(true);
    } catch (error) {
      other.close();
      throw error;
    }
  });

  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL);

    channel.onmessage = () => props.onDone();
    return () => channel.close();
  }, []);
  return (
    <div class="stack">
      {begin.error ? (
        <Alert tone="bad" title={problemText(begin.error, t)} />
      ) : null}
      {isBlocked && <Alert tone="warn" title={t.proof.blocked} />}
      {isAway && <p role="status">{t.proof.away}</p>}
      <div class="actions">
        <Button
          kind="primary"
          onClick={() => void begin.run()}
          busy={begin.isBusy}
        >
          {t.proof.there}
        </Button>
      </div>
    </div>
  );
}

/** Where the provider's window comes back to. */
export function Proved() {
  const t = useT();

  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL);

    channel.postMessage('proved');
    channel.close();
    // Where the browser lets it.
    window.close();
  }, []);
  return (
    <Doorstep title={t.proof.doneTitle}>
      <p>{t.proof.done}</p>
    </Doorstep>
  );
}
