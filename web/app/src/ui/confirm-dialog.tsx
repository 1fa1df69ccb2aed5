import type { ReactNode } from "react";
import { Button } from "./button";
import { Dialog } from "./dialog";

interface ConfirmDialogProps {
  readonly open: boolean;
  readonly title: string;
  readonly action: string; // the text of the button, such as Delete course
  readonly busy?: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

// ConfirmDialog lets users confirm an action that cannot be undone.
export const ConfirmDialog = ({ open, title, action, busy = false, onConfirm, onClose, children }: ConfirmDialogProps) => (
  <Dialog open={open} title={title} onClose={onClose}>
    {children}
    <footer className="dialog-footer">
      <Button onClick={onClose}>Cancel</Button>
      <Button kind="danger" busy={busy} onClick={onConfirm}>{action}</Button>
    </footer>
  </Dialog>
);
