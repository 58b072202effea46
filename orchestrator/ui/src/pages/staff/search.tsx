// SPDX-License-Identifier: Apache-2.0
// From one thing to all cases where it is, too.
import { useState } from 'preact/hooks';
import type { SearchHit } from '../../api/staff.js';
import { Button, Card } from '../../components/basic.js';
import { SelectField, TextField } from '../../components/form.js';
import { Page, type PageProps } from '../../components/page.js';
import { usePages } from '../../components/pages.js';
import { useT, wordFor } from '../../i18n/index.js';
import { setQuery } from '../../router.js';
import { Hits } from './hits.js';

const KINDS = [
  'any',
  'hash',
  'tlsh',
  'rule',
  'indicator',
  'name',
  'text',
] as const;

/** Indicators are often sent in a form that nobody can click on. */
export function refanged(text: string): string {
  return text
    .trim()
    .replace(/\[\.\]|\(\.\)|\[dot\]/gi, '.')
    .replace(/^hxxp/i, 'http')
    .replace(/\[:\]/g, ':')
    .replace(/\[@\]|\[at\]/gi, '@');
}

export default function SearchPage({ query }: PageProps) {
  const t = useT();
  const s = t.staff.search;
  const q = query.get('q') ?? '';
  const kind = query.get('kind') ?? 'any';
  const [text, setText] = useState(q);
  const [chosen, setChosen] = useState(kind);
  const pages = usePages<SearchHit>(q === '' ? null : '/search', { q, kind });

  return (
    <Page title={s.title} wide>
      <Card>
        <form
          class="inline-form"
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            setQuery(
              {
                q: refanged(text),
                kind: chosen === 'any' ? undefined : chosen,
              },
              false,
            );
          }}
        >
          <TextField
            label={s.query}
            hint={s.hint}
            type="search"
            value={text}
            onChange={setText}
            required
            spellcheck={false}
          />
          <SelectField
            label={s.kind}
            value={chosen}
            onChange={setChosen}
            options={KINDS.map((k) => [k, wordFor(s.kinds, k)] as const)}
          />
          <Button type="submit" kind="primary">
            {t.common.search}
          </Button>
        </form>
      </Card>
      {q !== '' && (
        <Card title={s.results}>
          <Hits pages={pages} caption={s.results} empty={s.none} />
        </Card>
      )}
    </Page>
  );
}
