import { Button } from "../../ui/button";
import { showToast } from "../../ui/toast";

export function CopyLink() {
  async function copy() {
    await navigator.clipboard.writeText(location.href).then(
      () => showToast("The link is copied."),
      () => showToast("The browser did not allow to copy. The link is the address of this page.", "error"),
    );
  }
  return <Button onClick={() => void copy()}>Copy link</Button>;
}
