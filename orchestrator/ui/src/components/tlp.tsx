// SPDX-License-Identifier: Apache-2.0
// Labels of the Traffic Light Protocol 2.0 and of permissible actions: in
// FIRST's words and colours, the same in every language.

const colours: Record<string, string> = {
  'TLP:RED': 'red',
  'TLP:AMBER': 'amber',
  'TLP:AMBER+STRICT': 'amber',
  'TLP:GREEN': 'green',
  'TLP:CLEAR': 'clear',
};

export function Tlp(props: { label: string }) {
  return (
    <span
      class={`tlp tlp-${colours[props.label] ?? 'clear'}`}
      translate={false}
    >
      {props.label}
    </span>
  );
}

export function Pap(props: { label: string }) {
  return (
    <span class="pap" translate={false}>
      {props.label}
    </span>
  );
}
