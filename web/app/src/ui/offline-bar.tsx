import { useOnline } from "./use-online";

// OfflineBar says that there is no network. The pages show what they have.
export const OfflineBar = () => (
  <div className="offline-bar" role="status">{useOnline() ? null : "You are offline. What you see may be out of date."}</div>
);
