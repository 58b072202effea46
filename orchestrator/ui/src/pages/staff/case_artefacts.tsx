// SPDX-License-Identifier: Apache-2.0
// What a case holds: areas, and the tree with everything that came out.
import { useMemo, useState } from 'preact/hooks';
import { path } from '../../api/client.js';
import type { StaffCase } from '../../api/staff.js';
import { Card } from '../../components/basic.js';
import {
  ArtefactMap,
  ArtefactTree,
  type TreeArtefact,
} from '../../components/charts/artefact_map.js';
import { TextField } from '../../components/form.js';
import { PagesLoaded, usePages } from '../../components/pages.js';
import { useT } from '../../i18n/index.js';

export function CaseArtefacts(props: { item: StaffCase }) {
  const t = useT();
  const c = t.staff.case;
  const [filter, setFilter] = useState('');
  const pages = usePages<TreeArtefact>(
    path`/cases/${props.item.number}/artefacts`,
    { parent: '*' },
    500,
  );

  return (
    <Card
      title={c.tabs.artefacts}
      actions={
        <TextField
          label={c.filter}
          type="search"
          value={filter}
          onChange={setFilter}
        />
      }
    >
      <PagesLoaded pages={pages} empty={c.noArtefacts}>
        {(items) => <Picture items={items} filter={filter} />}
      </PagesLoaded>
    </Card>
  );
}

function Picture(props: { items: TreeArtefact[]; filter: string }) {
  const t = useT();
  const wanted = props.filter.trim().toLowerCase();
  const shown = useMemo(
    () =>
      wanted === ''
        ? props.items
        : props.items.filter(
            (a) =>
              a.name.toLowerCase().includes(wanted) ||
              a.sha256.startsWith(wanted) ||
              a.mime.includes(wanted),
          ),
    [props.items, wanted],
  );

  return (
    <>
      <ArtefactMap artefacts={shown} />
      <p class="hint">{t.staff.case.treeHelp}</p>
      <ArtefactTree key={`${wanted} ${shown.length}`} artefacts={shown} />
    </>
  );
}
