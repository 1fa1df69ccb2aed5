import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { classNames } from "./class-names";

interface DialogProps {
  readonly open: boolean;
  readonly title: string;
  readonly wide?: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

// Dialog is a modal window. The browser holds the focus in it, and Escape closes it.
export function Dialog({ open, title, wide = false, onClose, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();

  useLayoutEffect(() => {
    const dialog = ref.current;
    if (!dialog || !open) return undefined;
    dialog.showModal();
    return () => dialog.close(); // before it is removed, so that the focus goes back
  }, [open]);

  return (
    <dialog ref={ref} className={classNames("dialog", wide && "dialog-wide")} aria-labelledby={id} onClose={onClose}
      onClick={(event) => event.target === ref.current && onClose()}>
      {open && (
        <div className="dialog-body">
          <header className="dialog-header">
            <h2 id={id}>{title}</h2>
            <button type="button" className="icon-button" aria-label="Close" onClick={onClose}>×</button>
          </header>
          {children}
        </div>
      )}
    </dialog>
  );
}
