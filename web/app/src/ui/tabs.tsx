import { type KeyboardEvent, type ReactNode, useId, useRef } from "react";

interface Tab {
  readonly key: string;
  readonly label: ReactNode;
}

interface TabsProps {
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly selected: string;
  readonly onSelect: (key: string) => void;
  readonly children: ReactNode; // the panel of the selected tab
}

const steps: Record<string, (index: number, last: number) => number> = {
  ArrowRight: (index, last) => (index === last ? 0 : index + 1),
  ArrowLeft: (index, last) => (index === 0 ? last : index - 1),
  Home: () => 0,
  End: (_, last) => last,
};

// Tabs shows one of several panels. The arrow keys, Home and End move between the tabs.
export function Tabs({ label, tabs, selected, onSelect, children }: TabsProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);

  function handleKey(event: KeyboardEvent) {
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const next = step(tabs.findIndex(({ key }) => key === selected), tabs.length - 1);
    onSelect(tabs[next]!.key);
    (list.current?.children[next] as HTMLElement | undefined)?.focus();
  }

  return (
    <div className="tabs">
      <div className="tab-list" role="tablist" aria-label={label} ref={list} onKeyDown={handleKey}>
        {tabs.map((tab) => (
          <button key={tab.key} type="button" role="tab" id={`${id}-${tab.key}`} className="tab" aria-selected={tab.key === selected}
            aria-controls={`${id}-panel`} tabIndex={tab.key === selected ? 0 : -1} onClick={() => onSelect(tab.key)}>
            {tab.label}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${selected}`} tabIndex={0}>{children}</div>
    </div>
  );
}
