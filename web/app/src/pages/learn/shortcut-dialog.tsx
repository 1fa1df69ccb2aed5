import { Dialog } from "../../ui/dialog";
import { shortcuts } from "./shortcuts";

export const ShortcutDialog = ({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) => (
  <Dialog open={open} title="Keyboard shortcuts" onClose={onClose}>
    <dl className="shortcuts">
      {shortcuts.map(({ shown, label }) => (
        <div key={label}>
          <dt><kbd>{shown}</kbd></dt>
          <dd>{label}</dd>
        </div>
      ))}
    </dl>
  </Dialog>
);
